# Builds a module alone against an installed stogger, and installs it beside it:
#   cmake -D NAME= -D SOURCE= -D BUILD= -D PREFIX= -D GENERATOR= -P module.cmake -- OPTIONS
include(${CMAKE_CURRENT_LIST_DIR}/options_after_dashes.cmake)

# Afresh: it must find out by itself where to be installed.
file(REMOVE_RECURSE ${BUILD})
execute_process(
  COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G ${GENERATOR} -D CMAKE_PREFIX_PATH=${PREFIX}
          ${options}
          COMMAND_ERROR_IS_FATAL ANY)
load_cache(${BUILD} READ_WITH_PREFIX found_ CMAKE_INSTALL_PREFIX)
if(NOT found_CMAKE_INSTALL_PREFIX STREQUAL PREFIX)
  message(FATAL_ERROR "It would be installed into ${found_CMAKE_INSTALL_PREFIX}.")
endif()
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} --parallel 2 COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} COMMAND_ERROR_IS_FATAL ANY)

file(GLOB_RECURSE modules ${PREFIX}/stogger_${NAME}.so)
if(NOT modules)
  message(FATAL_ERROR "There is no module in ${PREFIX}.")
endif()
foreach(module IN LISTS modules)
  execute_process(
    COMMAND nm -D --defined-only ${module} OUTPUT_VARIABLE exported COMMAND_ERROR_IS_FATAL ANY)
  if(NOT exported MATCHES "^[0-9a-f]+ T stogger_module_entry\n$")
    message(FATAL_ERROR "${module} exports more than its entry:\n${exported}")
  endif()
  execute_process(
    COMMAND nm -D --undefined-only ${module} OUTPUT_VARIABLE wanted COMMAND_ERROR_IS_FATAL ANY)
  if(wanted MATCHES "stogger")
    message(FATAL_ERROR "${module} binds to the program that loads it:\n${wanted}")
  endif()
endforeach()
