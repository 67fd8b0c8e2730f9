#!/bin/sh
# Compiles a consumer with what pkg-config says and nothing else, and runs it:
#   pkg_config.sh PACKAGE COMPILER PREFIX LIBDIR SOURCE PROGRAM [ARGUMENT...]
set -eu
package=$1 compiler=$2 prefix=$3 libdir=$4 source=$5 program=$6
shift 6

mkdir -p "$(dirname "$program")"
PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export PKG_CONFIG_PATH
test "$(pkg-config --modversion "$package")" = 0.2.0
test "$(pkg-config --variable=includedir stogger)" -ef "$prefix/include"

# The flags are words for the shell to split.
# shellcheck disable=SC2046
"$compiler" -std=c++20 "$source" -o "$program" $(pkg-config --cflags --libs "$package")
LD_LIBRARY_PATH=$prefix/$libdir "$program" "$@"
