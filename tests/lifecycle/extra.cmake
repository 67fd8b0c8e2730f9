# What the tests of this folder run as processes of their own.
file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/lifecycle/programs/*.cc)
add_executable(lifecycle_program ${programs})
set_target_properties(lifecycle_program PROPERTIES CXX_EXTENSIONS OFF)
target_include_directories(lifecycle_program PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(lifecycle_program PRIVATE stogger_core)
stogger_set_warnings(lifecycle_program)
stogger_sanitize(lifecycle_program)

target_compile_definitions(
  test_lifecycle PRIVATE LIFECYCLE_PROGRAM="$<TARGET_FILE:lifecycle_program>")
add_dependencies(test_lifecycle lifecycle_program)
