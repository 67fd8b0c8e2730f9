#!/usr/bin/env bash
# What including stogger/log.h costs, in Markdown: lines after preprocessing, and
# the CPU time to compile a file with one call, beside that of an empty file that
# includes <string_view> and of one call of spdlog. The three take turns; times
# are medians.
#
#   compile_bench.sh [--quick] [COMPILER]     COMPILER: g++ if not given
set -euo pipefail
rounds=9
if [ "${1:-}" = --quick ]; then
  rounds=1
  shift
fi
compiler=${1:-${CXX:-g++}}
include=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../include" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >base.cc <<'SOURCE'
#include <string_view>
int main() {}
SOURCE
cat >stogger.cc <<'SOURCE'
#include <stogger/log.h>
int main() { stogger::info("user-login", {{"user_id", 42}, {"ip", "10.0.0.7"}}); }
SOURCE
cat >spdlog.cc <<'SOURCE'
#include <spdlog/spdlog.h>
int main() { spdlog::info("user-login user_id={} ip={}", 42, "10.0.0.7"); }
SOURCE
# As the package's CMake target compiles its users.
flags=(-std=c++20 -I "$include" -D SPDLOG_SHARED_LIB -D SPDLOG_COMPILED_LIB
  -D SPDLOG_FMT_EXTERNAL)

lines() { "$compiler" "${flags[@]}" -E -P "$1.cc" | wc -l; }

# compile NAME: notes the milliseconds of CPU time, which other work on the
# machine changes less than those of the clock.
compile() {
  local TIMEFORMAT='%U %S'
  { time "$compiler" "${flags[@]}" -O2 -c "$1.cc" -o "$1.o"; } 2>"$1.time"
  awk 'END { printf "%d\n", ($1 + $2) * 1000 }' "$1.time" >>"$1.times"
}

median() { sort -n "$1.times" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b > 0 ? b : 1) }'; }

names=(base stogger)
if lines spdlog >spdlog.lines 2>spdlog.missing; then
  names+=(spdlog)
fi
for ((round = 0; round < rounds; ++round)); do
  for name in "${names[@]}"; do compile "$name"; done
done

ours=$(median stogger)
echo "| what | to reach | measured |"
echo "|---|---|---|"
echo "| lines of stogger/log.h after preprocessing | at most 14500 | $(lines stogger) |"
echo "| compile time of one call : \`<string_view>\` alone | at most 1.35 |" \
  "$(ratio "$ours" "$(median base)") ($ours ms : $(median base) ms) |"
if [ ${#names[@]} -eq 3 ]; then
  echo "| lines of spdlog/spdlog.h after preprocessing | | $(cat spdlog.lines) |"
  echo "| compile time of one call : the same with spdlog | at most 0.15 |" \
    "$(ratio "$ours" "$(median spdlog)") ($ours ms : $(median spdlog) ms) |"
else
  echo "compile_bench.sh: no spdlog here; its lines are left out" >&2
fi
