#!/bin/sh
# Compiles a consumer with what pkg-config says and nothing else, and runs it:
#   pkg_config.sh COMPILER PREFIX LIBDIR SOURCE FOLDER
set -eu
compiler=$1 prefix=$2 libdir=$3 source=$4 folder=$5

mkdir -p "$folder"
PKG_CONFIG_PATH=$prefix/$libdir/pkgconfig
export PKG_CONFIG_PATH
test "$(pkg-config --modversion stogger)" = 0.1.0
test "$(pkg-config --variable=includedir stogger)" -ef "$prefix/include"

# The flags are words for the shell to split.
# shellcheck disable=SC2046
"$compiler" -std=c++20 "$source" -o "$folder/consumer" $(pkg-config --cflags --libs stogger)
LD_LIBRARY_PATH=$prefix/$libdir "$folder/consumer" "$folder"
