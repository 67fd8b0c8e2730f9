# STOGGER_SANITIZE=address,undefined or thread instruments stogger's own targets.
# STOGGER_BUILD_FUZZERS adds the coverage that libFuzzer steers by.
if(STOGGER_BUILD_FUZZERS AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "STOGGER_BUILD_FUZZERS needs clang: set CMAKE_CXX_COMPILER=clang++.")
endif()

# stogger_sanitize(TARGET [UNCOVERED]), without that coverage for what no fuzzer runs.
function(stogger_sanitize target)
  if(STOGGER_SANITIZE)
    # vptr, a part of undefined, opens and writes a pipe for what it checks: tests
    # that count system calls, or let the process have none, cannot bear it.
    set(flags -fsanitize=${STOGGER_SANITIZE} -fno-sanitize-recover=all -fno-sanitize=vptr)
    target_compile_options(${target} PRIVATE ${flags} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE ${flags})
  endif()
  if(STOGGER_BUILD_FUZZERS AND NOT "UNCOVERED" IN_LIST ARGN)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
