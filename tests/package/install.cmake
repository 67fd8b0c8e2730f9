# Builds the library without its tests and examples, and installs it afresh:
#   cmake -D SOURCE= -D BUILD= -D PREFIX= -D SHARED= -D GENERATOR= -P install.cmake -- OPTIONS
include(${CMAKE_CURRENT_LIST_DIR}/options_after_dashes.cmake)

execute_process(
  COMMAND
    ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G ${GENERATOR} -D BUILD_SHARED_LIBS=${SHARED} -D
    STOGGER_BUILD_TESTS=OFF -D STOGGER_BUILD_EXAMPLES=OFF ${options}
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} --parallel 2 COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${PREFIX})
execute_process(
  COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX} COMMAND_ERROR_IS_FATAL ANY)
