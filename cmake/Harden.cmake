# STOGGER_HARDEN makes a fault in what stogger builds harder to use: checked
# buffer functions, stack protectors, branch targets that the processor checks,
# and tables that nobody can write to once a program has started. Only in
# optimized configurations, Release, RelWithDebInfo and MinSizeRel, and only for
# stogger's own targets. What the caller's flags decide, as those of
# dpkg-buildflags do, is left to them.
#
#   stogger_harden(TARGET [ASSERTIONS])
#     ASSERTIONS: with the checks of the standard library, too (operator[] and
#     the like). They would cost the library time with each event.
option(STOGGER_HARDEN "Harden what is built in Release, RelWithDebInfo and MinSizeRel"
       ${PROJECT_IS_TOP_LEVEL})

include(CheckCXXCompilerFlag)

set(stogger_optimized $<CONFIG:Release,RelWithDebInfo,MinSizeRel>)

# Adds the flag to the list if the compiler knows it, and neither it nor its
# opposite is among the caller's.
macro(stogger_add_hardening flag pattern)
  string(MAKE_C_IDENTIFIER "STOGGER_KNOWS_${flag}" known)
  check_cxx_compiler_flag(${flag} ${known})
  if(${known} AND NOT CMAKE_CXX_FLAGS MATCHES "${pattern}")
    list(APPEND flags ${flag})
  endif()
endmacro()

function(stogger_harden target)
  if(NOT STOGGER_HARDEN OR STOGGER_SANITIZE OR STOGGER_BUILD_FUZZERS)
    return()
  endif()
  set(flags "")
  stogger_add_hardening(-fstack-protector-strong "-f(no-)?stack-protector")
  stogger_add_hardening(-fstack-clash-protection "-f(no-)?stack-clash-protection")
  stogger_add_hardening(-fcf-protection "-fcf-protection")  # x86
  stogger_add_hardening(-mbranch-protection=standard "-mbranch-protection")  # ARM
  if(NOT CMAKE_CXX_FLAGS MATCHES "[DU] ?_FORTIFY_SOURCE")
    set(level 2)
    if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12)
       OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12))
      set(level 3)
    endif()
    # Some compilers define it by themselves.
    list(APPEND flags -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=${level})
  endif()
  if("ASSERTIONS" IN_LIST ARGN AND NOT CMAKE_CXX_FLAGS MATCHES "_GLIBCXX_ASSERTIONS")
    list(APPEND flags -D_GLIBCXX_ASSERTIONS)
  endif()
  target_compile_options(${target} PRIVATE "$<${stogger_optimized}:${flags}>")

  get_target_property(type ${target} TYPE)
  set(link_flags LINKER:-z,relro LINKER:-z,noexecstack)
  if(NOT "${CMAKE_EXE_LINKER_FLAGS} ${CMAKE_SHARED_LINKER_FLAGS} ${CMAKE_MODULE_LINKER_FLAGS}"
     MATCHES "-z,(now|lazy)")
    list(APPEND link_flags LINKER:-z,now)
  endif()
  if(type STREQUAL "EXECUTABLE")
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    list(APPEND link_flags -pie)
  endif()
  if(NOT type STREQUAL "STATIC_LIBRARY")
    target_link_options(${target} PRIVATE "$<${stogger_optimized}:${link_flags}>")
  endif()
endfunction()
