#!/usr/bin/env bash
# Builds fuzzers and runs each for a while, one on each processor:
#   tests/fuzz/run.sh [NAME...]                            those of that name; all by default
#   STOGGER_FUZZ_SECONDS=3600 STOGGER_FUZZ_SEED=0 tests/fuzz/run.sh dsn_fuzz   one of them for an hour
#
# What a fuzzer learns is kept in the build folder, tests/fuzz/corpus/NAME, and is where it
# goes on the next time. An input that fails is written to tests/fuzz/NAME-*, also there: fix
# the fault, and put the input into tests/fuzz/corpus/NAME of the repository, for all of these
# run first. Limits of time and memory for one input are in NAME.options (see CMakeLists.txt).
#
#   STOGGER_FUZZ_SECONDS  how long each fuzzer runs (default: 5)
#   STOGGER_FUZZ_SEED     0 for another course each time (default: 1, so that a run can be repeated)
#   STOGGER_BUILD_ROOT    where to build (default: build/ in the repository)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source .ci/packages.sh

seconds=${STOGGER_FUZZ_SECONDS:-5}
seed=${STOGGER_FUZZ_SEED:-1}
build=${STOGGER_BUILD_ROOT:-$PWD/build}/tests-fuzz
folder=$build/tests/fuzz
export UBSAN_OPTIONS=print_stacktrace=1

# The sanitizers fail now and then where the kernel spreads addresses widely.
fixed_addresses=()
setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)

if [ ! -e "$build/CMakeCache.txt" ]; then
  cmake_generator_options
  cmake --preset fuzz -B "$build" "${generator_options[@]}" || exit 1
fi
targets=()
[ $# -eq 0 ] || targets=(--target "$@")
"${fixed_addresses[@]}" cmake --build "$build" --parallel "$(nproc)" "${targets[@]}" || exit 1

# fuzz NAME: shows what the fuzzer says only if it fails.
fuzz() {
  local name=$1 output slow limits corpus=("$folder/corpus/$1")
  mapfile -t limits < <(sed -n 's/^\([a-z_]*\) = /-\1=/p' "$folder/$name.options")
  mkdir -p "${corpus[0]}"
  [ -d "tests/fuzz/corpus/$name" ] && corpus+=("tests/fuzz/corpus/$name")
  rm -f "$folder/$name"-timeout-*
  output=$("${fixed_addresses[@]}" "$folder/$name" -max_total_time="$seconds" -seed="$seed" "${limits[@]}" \
    -artifact_prefix="$folder/$name-" "${corpus[@]}" 2>&1) && return
  # A machine that stands still makes any input slow: only what is slow twice fails.
  slow=("$folder/$name"-timeout-*)
  if [ -e "${slow[0]}" ] &&
    "${fixed_addresses[@]}" "$folder/$name" "${limits[@]}" "${slow[0]}" >/dev/null 2>&1; then
    echo "$name: an input was slow once, and is not when it is run again"
    return
  fi
  printf '%s\n' "$output"
  return 1
}

[ $# -ne 0 ] || for fuzzer in "$folder"/*_fuzz; do set -- "$@" "$(basename "$fuzzer")"; done
rm -f "$folder/failed"
for name in "$@"; do
  echo "fuzz: $name for $seconds s"
  { fuzz "$name" || echo "$name" >>"$folder/failed"; } &
  [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n
done
wait
[ -e "$folder/failed" ] || exit 0
echo "fuzz: FAILED: $(paste -s -d ' ' "$folder/failed") (see above)"
exit 1
