# A program that the tests run with more rights than its caller.
add_executable(config_privileged ${CMAKE_CURRENT_SOURCE_DIR}/config/programs/privileged.cc)
set_target_properties(config_privileged PROPERTIES CXX_EXTENSIONS OFF)
target_include_directories(config_privileged PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(config_privileged PRIVATE stogger_core)
if(TARGET stogger_postgres_objects)
  target_link_libraries(config_privileged PRIVATE stogger_postgres_objects)
  target_compile_definitions(config_privileged PRIVATE HAS_POSTGRES)
endif()
stogger_set_warnings(config_privileged)
stogger_sanitize(config_privileged)

target_compile_definitions(
  test_config PRIVATE PRIVILEGED_PROGRAM="$<TARGET_FILE:config_privileged>")
add_dependencies(test_config config_privileged)

# What `stogger check` looks at in the tests.
foreach(module IN LISTS stogger_modules)
  if(TARGET stogger_${module}_module)
    string(TOUPPER ${module} name)
    target_compile_definitions(
      test_config PRIVATE ${name}_MODULES="$<TARGET_FILE_DIR:stogger_${module}_module>")
    add_dependencies(test_config stogger_${module}_module)
  endif()
endforeach()
