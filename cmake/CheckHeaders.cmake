# Fails if a public header has grown heavy.
#
#   cmake -D SOURCE_DIR=... -D COMPILER=... -P CheckHeaders.cmake
#
# Every header that is not listed as an exception stays within the budget of
# preprocessed lines and reaches neither a heavy header of the standard library
# nor one of a third party, directly or through others. The interface of modules
# is C as well.
cmake_minimum_required(VERSION 3.25)

set(budget 14500)
set(heavy
    algorithm atomic chrono condition_variable deque filesystem format fstream functional future
    iomanip ios iostream istream list locale map memory mutex ostream queue random ranges
    regex set shared_mutex span sstream string thread unordered_map unordered_set variant vector)

# Opt-in headers may be heavy, and know the one library they are named after.
set(exempt chrono.h json.h fmt.h spdlog.h std.h join_status.h stats_text.h testing.h)
set(third_party "/fmt/" "/nlohmann/" "/toml\\+\\+/" "/sqlite3\\.h" "/libpq" "/postgresql/" "/zstd\\.h" "/snappy"
    "/zlib\\.h" "/spdlog/")
set(allowed_json.h "/nlohmann/")
set(allowed_fmt.h "/fmt/")
set(allowed_spdlog.h "/spdlog/" "/fmt/")
# Those of libraries that nothing else here needs: without them they are not checked.
set(needed_spdlog.h spdlog/version.h)

function(run_compiler result)
  execute_process(
    COMMAND ${COMPILER} -I ${SOURCE_DIR}/include ${ARGN}
    OUTPUT_VARIABLE output
    ERROR_VARIABLE error
    RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "CheckHeaders: ${COMPILER} ${ARGN} failed:\n${error}")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

set(problems "")
run_compiler(unused -x c -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only
             ${SOURCE_DIR}/include/stogger/module.h)
set(heaviest 0)
list(JOIN heavy "|" heavy_names)
file(GLOB_RECURSE headers RELATIVE ${SOURCE_DIR}/include ${SOURCE_DIR}/include/stogger/*.h)
list(LENGTH headers count)
if(count EQUAL 0)
  message(FATAL_ERROR "CheckHeaders: no headers in ${SOURCE_DIR}/include/stogger")
endif()

foreach(header IN LISTS headers)
  cmake_path(GET header FILENAME name)
  if(DEFINED needed_${name})
    execute_process(
      COMMAND ${COMPILER} -M -x c++ -include ${needed_${name}} /dev/null
      OUTPUT_QUIET ERROR_QUIET RESULT_VARIABLE code)
    if(NOT code EQUAL 0)
      message(STATUS "Headers: ${header} is not checked: there is no ${needed_${name}}")
      continue()
    endif()
  endif()
  run_compiler(dependencies -std=c++20 -M -x c++ -include ${header} /dev/null)
  string(REGEX MATCHALL "/[^ \n\\]+" included "${dependencies}")

  foreach(pattern IN LISTS third_party)
    set(found ${included})
    list(FILTER found EXCLUDE REGEX "^${SOURCE_DIR}/")
    list(FILTER found INCLUDE REGEX "${pattern}")
    if(found AND NOT pattern IN_LIST allowed_${name})
      list(GET found 0 first)
      list(APPEND problems "${header} reaches ${first}")
    endif()
  endforeach()

  if(name IN_LIST exempt)
    continue()
  endif()
  set(found ${included})
  list(FILTER found INCLUDE REGEX "/c\\+\\+/(v1|[0-9.]+)/(${heavy_names})$")
  if(found)
    list(JOIN found ", " found)
    list(APPEND problems "${header} reaches ${found}")
  endif()
  run_compiler(text -std=c++20 -E -P -x c++ -include ${header} /dev/null)
  string(REGEX MATCHALL "\n" line_ends "${text}")
  list(LENGTH line_ends lines)
  if(lines GREATER budget)
    list(APPEND problems "${header} is ${lines} lines when preprocessed, of at most ${budget}")
  endif()
  if(lines GREATER heaviest)
    set(heaviest ${lines})
  endif()
endforeach()

if(problems)
  list(JOIN problems "\n  " text)
  message(FATAL_ERROR "Public headers have grown heavy:\n  ${text}")
endif()
message(STATUS "Headers: ${count}; the heaviest of the light ones has ${heaviest} lines of ${budget}.")
