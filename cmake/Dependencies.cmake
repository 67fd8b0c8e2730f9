# Finds what stogger is built with on the system; nothing is ever downloaded.

# stogger_find(NAME [VERSION] PACKAGE debian-package) is find_package() with a
# message that says how to install what is missing. A macro, so that what
# find_package() sets reaches the caller.
macro(stogger_find name)
  cmake_parse_arguments(stogger_find "" "PACKAGE" "" ${ARGN})
  find_package(${name} ${stogger_find_UNPARSED_ARGUMENTS} QUIET)
  if(NOT ${name}_FOUND)
    string(JOIN " " stogger_find_wanted ${name} ${stogger_find_UNPARSED_ARGUMENTS})
    message(
      FATAL_ERROR "stogger needs ${stogger_find_wanted}: install ${stogger_find_PACKAGE} (Debian).")
  endif()
endmacro()

# stogger_find_optional(OPTION NAME VERSION PACKAGE debian-package) sets stogger_with_OPTION, as the
# cache variable STOGGER_WITH_OPTION wants it: ON, OFF or AUTO, which is ON if it is there.
macro(stogger_find_optional option name version)
  set(STOGGER_WITH_${option} AUTO CACHE STRING "Build with ${name}: ON, OFF or AUTO")
  set(stogger_with_${option} FALSE)
  if("${STOGGER_WITH_${option}}" STREQUAL "AUTO")
    find_package(${name} ${version} QUIET)
    if(${name}_FOUND)
      set(stogger_with_${option} TRUE)
    else()
      message(STATUS "stogger: without ${name}, for which ${ARGV4} (Debian) is needed")
    endif()
  elseif(STOGGER_WITH_${option})
    stogger_find(${name} ${version} ${ARGN})
    set(stogger_with_${option} TRUE)
  endif()
endmacro()

# Lets a target of ours include the headers of a library without linking it, so
# that nobody who links the target needs that library.
function(stogger_use_headers target)
  foreach(library IN LISTS ARGN)
    get_target_property(directories ${library} INTERFACE_INCLUDE_DIRECTORIES)
    target_include_directories(${target} SYSTEM PUBLIC ${directories})
  endforeach()
endfunction()
