# STOGGER_SANITIZE=address,undefined or thread instruments stogger's own targets.
# STOGGER_BUILD_FUZZERS adds the coverage that libFuzzer steers by.
if(STOGGER_BUILD_FUZZERS AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "STOGGER_BUILD_FUZZERS needs clang: set CMAKE_CXX_COMPILER=clang++.")
endif()

function(stogger_sanitize target)
  if(STOGGER_SANITIZE)
    set(flags -fsanitize=${STOGGER_SANITIZE} -fno-sanitize-recover=all)
    target_compile_options(${target} PRIVATE ${flags} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE ${flags})
  endif()
  if(STOGGER_BUILD_FUZZERS)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
