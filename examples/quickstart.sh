#!/usr/bin/env bash
# From a bare Debian machine to events in SQLite: installs what the build needs,
# builds stogger, installs it into a folder of its own, builds the example
# package_history against that, and runs it on a dpkg log.
#
#   quickstart.sh [LOG]     LOG: /var/log/dpkg.log if not given
set -euo pipefail
log=$(realpath -m "${1:-/var/log/dpkg.log}")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source .ci/packages.sh

build=$PWD/build/quickstart
prefix=$build/prefix
output=$build/output

say() { printf '== %4d s  %s\n' "$SECONDS" "$*"; }
quietly() {
  local output
  output=$("$@" 2>&1) || { printf '%s\n' "$output" >&2; return 1; }
}

say "1/4 packages"
install_packages g++ cmake ninja-build libfmt-dev nlohmann-json3-dev libtomlplusplus-dev \
  libsqlite3-dev libcli11-dev
cmake_generator_options
if [ ! -r "$log" ]; then
  echo "quickstart.sh: cannot read $log; name another dpkg log: examples/quickstart.sh LOG" >&2
  exit 1
fi

say "2/4 building stogger"
quietly cmake -S . -B "$build/library" "${generator_options[@]}" -D CMAKE_BUILD_TYPE=Release \
  -D STOGGER_BUILD_TESTS=OFF -D STOGGER_BUILD_EXAMPLES=OFF
cmake --build "$build/library"
quietly cmake --install "$build/library" --prefix "$prefix"

say "3/4 building examples/package_history with find_package(stogger)"
quietly cmake -S examples/package_history -B "$build/package_history" "${generator_options[@]}" \
  -D CMAKE_BUILD_TYPE=Release -D CMAKE_PREFIX_PATH="$prefix"
cmake --build "$build/package_history"

say "4/4 running it on $log"
rm -rf "$output"
mkdir -p "$output"
exec "$build/package_history/package_history" "$log" "$output"
