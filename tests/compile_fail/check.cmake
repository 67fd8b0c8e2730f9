# Compiles SOURCE twice: as it is, which must work, and with
# STOGGER_MUST_NOT_COMPILE defined, which must fail (but in ok.cc, which shows
# that the definition alone breaks nothing). A source with a line "The error
# names: TYPE", a regular expression, fails with one error, about that type,
# which names the page to read.
function(compile result)
  execute_process(
    COMMAND ${COMPILER} -std=c++20 -fsyntax-only -I ${INCLUDE} ${ARGN} ${SOURCE}
    RESULT_VARIABLE code
    ERROR_VARIABLE error)
  set(${result} "${code}" PARENT_SCOPE)
  set(error "${error}" PARENT_SCOPE)
endfunction()

compile(plain)
if(NOT plain EQUAL 0)
  message(FATAL_ERROR "${SOURCE} does not compile even without its mistake:\n${error}")
endif()
compile(mistaken -D STOGGER_MUST_NOT_COMPILE)
cmake_path(GET SOURCE STEM name)
file(STRINGS ${SOURCE} type REGEX "^// The error names: ")
string(REPLACE "// The error names: " "" type "${type}")
string(REGEX MATCHALL "error: [^\n]*" errors "${error}")
string(REGEX MATCH "^[^\n]*\n[^\n]*\n[^\n]*" first_lines "${error}")
if(name STREQUAL "ok")
  if(NOT mistaken EQUAL 0)
    message(FATAL_ERROR "${SOURCE} must compile:\n${error}")
  endif()
elseif(mistaken EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles with its mistake.")
elseif(NOT type STREQUAL "")
  if(NOT errors MATCHES "^error: [^;]*docs/types\\.md[^;]*$" OR NOT first_lines MATCHES "[= <]${type}[]>]")
    message(FATAL_ERROR "${SOURCE} failed, but its first lines do not name ${type} and the page to read:\n${error}")
  endif()
elseif(NOT error MATCHES "${name}\\.cc:[0-9]+(:[0-9]+)?: error")
  message(FATAL_ERROR "${SOURCE} failed, but not in a line of its own:\n${error}")
endif()
