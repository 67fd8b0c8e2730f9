# What a packager's flags decide is not said again, and without them it is said
# once:
#   cmake -D SOURCE= -D BUILD= -D GENERATOR= -P packager_flags.cmake -- OPTIONS
include(${CMAKE_CURRENT_LIST_DIR}/options_after_dashes.cmake)

# Reads the compiler's commands of such a build.
function(configure)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G ${GENERATOR} ${options}
            -D STOGGER_BUILD_TESTS=OFF -D STOGGER_BUILD_EXAMPLES=OFF
            -D CMAKE_EXPORT_COMPILE_COMMANDS=ON ${ARGN}
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${BUILD}/compile_commands.json entries)
  string(JSON count LENGTH "${entries}")
  math(EXPR last "${count} - 1")
  set(commands "")
  foreach(i RANGE ${last})
    string(JSON file GET "${entries}" ${i} file)
    string(JSON command GET "${entries}" ${i} command)
    # Not the headers, which are only looked at.
    if(file MATCHES "^${SOURCE}/(src|sinks)/")
      list(APPEND commands "${command}")
    endif()
  endforeach()
  set(commands "${commands}" PARENT_SCOPE)
  set(configured "${ARGN}" PARENT_SCOPE)
endfunction()

# Each command has the text so often.
function(expect text wanted)
  if(NOT commands)
    message(FATAL_ERROR "${configured}: nothing is compiled")
  endif()
  foreach(command IN LISTS commands)
    string(REGEX MATCHALL "${text}" found "${command}")
    list(LENGTH found count)
    if(NOT count EQUAL wanted)
      message(FATAL_ERROR "${configured}: ${text} is there ${count} times, not ${wanted}: ${command}")
    endif()
  endforeach()
endfunction()

# As dpkg-buildflags gives them.
set(dpkg "-g -O2 -fstack-protector-strong -Wformat -Werror=format-security -Wdate-time -D_FORTIFY_SOURCE=2")

configure(-D STOGGER_HARDEN=ON -D CMAKE_BUILD_TYPE=Release -D CMAKE_CXX_FLAGS=)
expect("-D_FORTIFY_SOURCE=" 1)
expect("-fstack-protector" 1)

configure(-D STOGGER_HARDEN=ON -D CMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS=${dpkg}")
expect("_FORTIFY_SOURCE" 1)
expect("-fstack-protector" 1)
expect("-fstack-clash-protection" 1)

configure(-D STOGGER_HARDEN=ON -D CMAKE_BUILD_TYPE=None "-DCMAKE_CXX_FLAGS=${dpkg}")
expect("_FORTIFY_SOURCE" 1)
expect("-fstack-clash-protection" 0)

configure(-D STOGGER_HARDEN=ON -D CMAKE_BUILD_TYPE=Debug -D CMAKE_CXX_FLAGS=)
expect("_FORTIFY_SOURCE" 0)

configure(-D STOGGER_HARDEN=OFF -D CMAKE_BUILD_TYPE=Release -D CMAKE_CXX_FLAGS=)
expect("_FORTIFY_SOURCE" 0)
