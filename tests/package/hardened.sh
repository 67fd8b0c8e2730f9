#!/bin/sh
# Checks that all programs and shared objects below PREFIX are hardened:
#   hardened.sh COMPILER PREFIX FOLDER
# FOLDER is for a program that shows what this compiler and its C library can do.
set -eu
export LC_ALL=C
compiler=$1 prefix=$2 folder=$3
failed=0

complain() {
  echo "$1: $2"
  failed=1
}

# Whether each part of the file has the notes that branch targets are checked by.
has_branch_protection() { readelf --notes --wide "$1" | grep -q 'IBT, SHSTK\|BTI'; }

check() {
  dynamic=$(readelf --dynamic --wide "$1")
  segments=$(readelf --segments --wide "$1")
  symbols=$(readelf --dyn-syms --wide "$1")
  echo "$segments" | grep -q '^Elf file type is DYN' || complain "$1" "has a fixed address"
  echo "$segments" | grep -q 'GNU_RELRO' || complain "$1" "its relocations stay writable"
  echo "$dynamic" | grep -q 'BIND_NOW\|FLAGS_1.* NOW' || complain "$1" "is bound when it is called"
  echo "$segments" | grep 'GNU_STACK' | grep -q 'RW ' || complain "$1" "its stack can be executed"
  echo "$dynamic" | grep -q 'RPATH\|RUNPATH' && complain "$1" "says where its libraries are"
  echo "$dynamic" | grep -q 'TEXTREL' && complain "$1" "its code is written to"
  echo "$symbols" | grep -q '__stack_chk_fail' || complain "$1" "has no stack protector"
  echo "$symbols" | grep -v '__stack_chk' | grep -q '_chk@' ||
    complain "$1" "has no checked buffer functions"
  if [ $can_protect_branches = 1 ] && ! has_branch_protection "$1"; then
    complain "$1" "branches go anywhere"
  fi
}

mkdir -p "$folder"
echo 'int main() {}' >"$folder/probe.cc"
can_protect_branches=0
if "$compiler" -fcf-protection "$folder/probe.cc" -o "$folder/probe" 2>/dev/null &&
  has_branch_protection "$folder/probe"; then
  can_protect_branches=1
else
  echo "This tool chain does not mark programs whose branches are checked: not looked at."
fi

find "$prefix" -type f \( -path '*/bin/*' -o -name '*.so*' \) >"$folder/files"
[ -s "$folder/files" ] || complain "$prefix" "has nothing to check"
while read -r file; do
  echo "$file"
  check "$file"
done <"$folder/files"
exit $failed
