# shellcheck shell=bash
# Sourced by the scripts that build stogger on a bare Debian machine.

# install_packages NAME... installs those that are missing. Fails with one line
# that says what could not be had.
install_packages() {
  local name missing=() sudo=()
  if ! command -v dpkg-query >/dev/null; then
    echo "Not a Debian machine: nothing is installed; the Debian packages needed are: $*" >&2
    return 0
  fi
  for name in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed ||
      missing+=("$name")
  done
  [ ${#missing[@]} -eq 0 ] && return 0

  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Missing packages: ${missing[*]}. Run this as root, or install sudo." >&2
      return 1
    fi
    sudo=(sudo)
  fi
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  echo "Installing ${#missing[@]} packages: ${missing[*]}"
  "${apt[@]}" update </dev/null ||
    echo "apt-get update failed; going on with the package lists that are here" >&2
  if ! "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >/dev/null; then
    echo "Could not install: ${missing[*]} (apt-get says why, above)" >&2
    return 1
  fi
}

# Sets an array of options for cmake: Ninja, and ccache where it is there.
cmake_generator_options() {
  generator_options=(-G Ninja)
  if command -v ccache >/dev/null; then
    generator_options+=(-D CMAKE_CXX_COMPILER_LAUNCHER=ccache)
    # Debug information names the build folder; objects may be shared anyway.
    export CCACHE_NOHASHDIR=1
  fi
}
