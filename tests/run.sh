#!/usr/bin/env bash
# Installs what the tests of stogger need (Debian), builds, and runs them all:
#   dev      g++, warnings are errors: builds all
#   tests    the tests of that build, packages and their consumers included
# With --all also what is slower or needs more:
#   judges   npm installs the readers that judge Parquet files into the build folder, and
#            the tests that need them run; where it cannot, they are skipped, and say so
#   format   clang-format finds nothing to change
#   tidy     clang-tidy finds nothing in the library and its sinks
#   fuzz     clang, address and undefined-behaviour sanitizers: tests, short fuzzing
#   tsan     clang, thread sanitizer: tests of what threads share
# What passed is not repeated until a file changes. The exit code is 0 only if every stage
# passed. The end of the output is the summary of the tests.
#
#   STOGGER_BUILD_ROOT    where to build (default: build/ in the repository)
#   STOGGER_FUZZ_SECONDS  how long each fuzzer runs (default: 5; tests/fuzz/run.sh runs one alone)
#   STOGGER_SOAK_SECONDS  how long threads log to a PostgreSQL server that comes and goes
#                         (default: 10)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
source .ci/packages.sh

case ${1:-} in
  "") all=false ;;
  --all) all=true ;;
  *) echo "usage: tests/run.sh [--all]" >&2; exit 2 ;;
esac
build_root=${STOGGER_BUILD_ROOT:-$PWD/build}
jobs=$(nproc)
failed=()
times=()

say() { printf '== %4d s  %s\n' "$SECONDS" "$*"; }

install_packages g++ cmake ninja-build pkg-config ccache git \
  libfmt-dev nlohmann-json3-dev libtomlplusplus-dev libsqlite3-dev libcli11-dev libgtest-dev \
  libgmock-dev sqlite3 systemd strace python3 util-linux \
  libpq-dev postgresql pgbouncer iproute2 openssl libzstd-dev libsnappy-dev zlib1g-dev libre2-dev logrotate \
  libspdlog-dev libgoogle-glog-dev || exit 1
if $all; then
  install_packages clang libclang-rt-14-dev clang-format clang-tidy libbenchmark-dev || exit 1
  # Node.js from elsewhere brings its own npm, and does not go with Debian's.
  command -v npm >/dev/null || install_packages nodejs npm
fi
mkdir -p "$build_root" || exit 1
cmake_generator_options

# Whatever the caller's environment, tests see one that is far from UTC and says
# nothing of their subject.
export TZ=NPT-5:45 LC_ALL=C.UTF-8 UBSAN_OPTIONS=print_stacktrace=1
STOGGER_PARQUET_JUDGES=$(realpath "$build_root")/parquet-judges
export STOGGER_PARQUET_JUDGES
unset NO_COLOR CLICOLOR_FORCE STOGGER_CONFIG STOGGER_LEVEL

# The sanitizers of these compilers fail now and then where the kernel spreads
# addresses widely.
fixed_addresses=()
setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)

list_files() {
  git -c safe.directory='*' ls-files -z --cached --others --exclude-standard -- "$@" 2>/dev/null ||
    find . -path ./.git -prune -o -path ./build -prune -o -type f -print0
}

tree_key() {
  { list_files | sort -z | xargs -0 sha256sum 2>/dev/null
    g++ --version; clang++ --version; cmake --version; } | sha256sum | cut -d ' ' -f 1
}

passed_before() { [ "$(cat "$build_root/tests-$1/passed" 2>/dev/null)" = "$key" ]; }

# stage NAME COMMAND...
stage() {
  local name=$1 stamp=$build_root/tests-$1/passed started=$SECONDS
  shift
  mkdir -p "$build_root/tests-$name"
  # A build is quick to find out for itself that nothing has changed.
  if [ "$name" != dev ] && passed_before "$name"; then
    say "$name: passed before, and no file has changed since"
    return
  fi
  say "$name ..."
  if "$@"; then
    echo "$key" >"$stamp"
    say "$name: passed in $((SECONDS - started)) s"
  else
    rm -f "$stamp"
    failed+=("$name")
    say "$name: FAILED"
  fi
  times+=("$name $((SECONDS - started)) s")
}

# Shows what a command says only if it fails.
quietly() {
  local output
  output=$("$@" 2>&1) || { printf '%s\n' "$output"; return 1; }
}

# build PRESET [OPTION...]
build() {
  local folder=$build_root/tests-$1
  quietly cmake --preset "$1" -B "$folder" "${generator_options[@]}" "${@:2}" &&
    "${fixed_addresses[@]}" cmake --build "$folder" --parallel "$jobs"
}

# Tests have time limits, and a busy machine may exceed one: if no more than three processes
# of tests fail, they run once more, alone, and have to pass then. Their names are printed again at the end.
run_tests() {
  rm -rf "$build_root/tests-$1/tests/results"
  local ctest=("${fixed_addresses[@]}" ctest --test-dir "$build_root/tests-$1"
    --output-on-failure --no-tests=error "${@:2}") names
  "${ctest[@]}" --parallel $((2 * jobs)) && return
  names=$(failed_tests "$1")
  [ -n "$names" ] || return 1
  if [ "$(wc -l <<<"$names")" -le 3 ]; then
    say "$1: once more, alone:" $names
    if "${ctest[@]}" --rerun-failed; then
      echo "$1:" $names >>"$build_root/repeated"
      return
    fi
    names=$(failed_tests "$1")
  fi
  keep_output "$1" "$names"
  return 1
}

# failed_tests PRESET: the names, a line each.
failed_tests() { cut -d : -f 2 "$build_root/tests-$1/Testing/Temporary/LastTestsFailed.log" 2>/dev/null; }

# shorten_output: of what a process of tests says, the failures; without one, the end.
shorten_output() {
  local all
  all=$(cat)
  { grep -q ': Failure$' <<<"$all" && sed -n '/: Failure$/,/^\[  FAILED  \]/p' <<<"$all" | head -n 40; } ||
    tail -n 25 <<<"$all"
}

# keep_output PRESET NAMES: the end of what failed tests said, to be printed again at the end of all.
keep_output() {
  local name
  while IFS= read -r name; do
    echo "-- $1: $name"
    awk -v test="$name" '/^[0-9]+\/[0-9]+ Testing: / { shown = $3 == test }
      shown' "$build_root/tests-$1/Testing/Temporary/LastTest.log" |
      sed '1,/^Output:$/d; /^<end of output>$/,$d' | shorten_output
  done < <(head -5 <<<"$2") >>"$failures"
  echo "$1: FAILED:" $2 >>"$failures"
}

# reports PRESET: the files in which the processes of tests say how each one went.
reports() { ls "$build_root/tests-$1"/tests/results/*.xml 2>/dev/null; }

# slowest: what the tests took.
slowest() {
  echo "The slowest tests, in seconds:"
  reports dev | xargs -r sed -n 's/^ *<testcase name="\([^"]*\)".* time="\([^"]*\)".* classname="\([^"]*\)".*/\2 \3.\1/p' |
    sort -g -r | awk 'NR <= 20 { printf "  %6.1f %s\n", $1, $2 }'
}

# skipped PRESET: why tests were skipped, and how many.
skipped() {
  echo "Tests of $1 that were skipped, and why:"
  reports "$1" | xargs -r sed -n 's/^ *<skipped message="[^&]*&#x0A;\([^"]*\)".*/\1/p' | sort | uniq -c
}

# run_sanitized PRESET: all tests but those of packages.
run_sanitized() {
  local status=0
  run_tests "$1" --label-exclude package --progress || status=1
  skipped "$1"
  return $status
}

install_judges() {
  local folder=$STOGGER_PARQUET_JUDGES
  [ -e "$folder/installed" ] && cmp -s tests/parquet/package.json "$folder/package.json" && return
  rm -rf "$folder"
  mkdir -p "$folder" && cp tests/parquet/package.json "$folder" &&
    quietly timeout 300 npm install --prefix "$folder" --no-audit --no-fund &&
    touch "$folder/installed" && return
  say "judges: npm could not install them (see above): the tests that need them are SKIPPED"
}

check_format() {
  list_files '*.h' '*.cc' | grep -zE '\.(h|cc)$' | while IFS= read -r -d '' file; do
    [ -e "$file" ] && printf '%s\0' "$file"
  done | xargs -0 -r clang-format --dry-run -Werror
}

# What the build with sanitizers compiles of the library: the sources of a folder as one.
check_tidy() {
  local build=$build_root/tests-fuzz
  quietly cmake --preset fuzz -B "$build" "${generator_options[@]}" || return
  sed -n 's/^ *"file": "\([^"]*\)".*/\1/p' "$build/compile_commands.json" |
    grep -vE "/tests-fuzz/(tests|examples)/|_header_sets/|/stogger_module_base\.dir/|^$PWD/(tests|examples)/" |
    xargs -d '\n' -n 1 -P "$jobs" clang-tidy --quiet --checks=-bugprone-suspicious-include -p "$build" \
      2>"$build/tidy-errors" ||
    { tail -n 5 "$build/tidy-errors"; return 1; }
}

judge() { install_judges; [ ! -e "$STOGGER_PARQUET_JUDGES/installed" ] || run_tests dev --progress -R "^parquet[.]"; }

build_dev() {
  build dev "${benchmarks[@]}" &&
    cmake --build "$build_root/tests-dev" --parallel "$jobs" --target all_verify_interface_header_sets
}
check_fuzz() {
  local status=0
  build fuzz || return
  run_sanitized fuzz || status=1
  bash tests/fuzz/run.sh | tee "$build_root/tests-fuzz/output" || status=1
  [ $status -eq 0 ] || tail -n 25 "$build_root/tests-fuzz/output" >>"$failures"
  return $status
}
check_tsan() { build tsan && run_sanitized tsan; }

check_tests() {
  local status
  mkdir -p "$build_root/tests-tests"
  run_tests dev --progress | tee "$summary" | sed -u '/tests passed,/,$d'
  status=${PIPESTATUS[0]}
  skipped dev
  return "$status"
}

summary=$build_root/tests-tests/summary
failures=$build_root/failures
# Benchmarks are built where their packages are.
benchmarks=()
$all && benchmarks=(-D STOGGER_BUILD_BENCHMARKS=ON)

rm -f "$build_root/repeated" "$failures"
key=$(tree_key)
if $all; then stage format check_format; fi
stage dev build_dev
if $all; then
  stage tidy check_tidy
  stage fuzz check_fuzz
  stage tsan check_tsan
fi
fixed_addresses=()
if $all; then stage judges judge; fi
stage tests check_tests

if $all; then slowest; fi
say "stages: $(IFS=,; echo "${times[*]}")"
sed -n '/tests passed,/,$p' "$summary"
[ ! -e "$build_root/repeated" ] || say "passed alone only: $(paste -s -d ';' "$build_root/repeated")"
if [ ${#failed[@]} -ne 0 ]; then
  [ ! -e "$failures" ] || cut -c 1-300 "$failures"
  say "FAILED: ${failed[*]} (see above)"
  exit 1
fi
