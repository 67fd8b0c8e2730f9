# Checks of the sources themselves, made anew in each build that changes them.
# They are part of ALL: a build fails when one does.
file(GLOB_RECURSE checked_sources CONFIGURE_DEPENDS include/*.h src/*.h src/*.cc sinks/*.h
     sinks/*.cc)
list(APPEND checked_sources ${PROJECT_SOURCE_DIR}/cmake/Sources.cmake)

set(check_layers ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -P
                 ${PROJECT_SOURCE_DIR}/cmake/CheckLayers.cmake)
set(check_files ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -P
                ${PROJECT_SOURCE_DIR}/cmake/CheckFiles.cmake)
set(check_headers
    ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -D COMPILER=${CMAKE_CXX_COMPILER} -P
    ${PROJECT_SOURCE_DIR}/cmake/CheckHeaders.cmake)

function(stogger_add_check name script depends)
  set(stamp ${PROJECT_BINARY_DIR}/${name}.passed)
  add_custom_command(
    OUTPUT ${stamp}
    COMMAND ${ARGN}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${depends} ${PROJECT_SOURCE_DIR}/cmake/${script}
    COMMENT "Running cmake/${script}"
    VERBATIM)
  add_custom_target(stogger_${name} ALL DEPENDS ${stamp})
endfunction()

stogger_add_check(check_layers CheckLayers.cmake
                  "${checked_sources};${PROJECT_SOURCE_DIR}/docs/design.md" ${check_layers})
stogger_add_check(check_files CheckFiles.cmake "${checked_sources}" ${check_files})
stogger_add_check(check_headers CheckHeaders.cmake "${public_headers}" ${check_headers})

if(STOGGER_BUILD_TESTS)
  enable_testing()
  add_test(NAME check_layers COMMAND ${check_layers})
  add_test(NAME check_files COMMAND ${check_files})
  add_test(NAME check_headers COMMAND ${check_headers})
endif()
