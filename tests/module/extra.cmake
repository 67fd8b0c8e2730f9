# Modules for the tests to load. They lie in a folder of their own, which the
# tests name in STOGGER_MODULE_PATH.
set(modules ${CMAKE_CURRENT_SOURCE_DIR}/module/modules)
set(module_folder ${CMAKE_CURRENT_BINARY_DIR}/modules)
stogger_add_loadable_module(probe FACTORY make_probe_sink SOURCES ${modules}/probe.cc)
foreach(broken IN ITEMS ABI NO_ENTRY NULL_ENTRY SMALL METHOD)
  string(TOLOWER broken_${broken} name)
  add_library(stogger_${name}_module MODULE ${modules}/broken.cc)
  target_include_directories(stogger_${name}_module PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_definitions(stogger_${name}_module PRIVATE STOGGER_TEST_BROKEN=${broken})
  set_target_properties(
    stogger_${name}_module PROPERTIES PREFIX "" OUTPUT_NAME stogger_${name} CXX_EXTENSIONS OFF)
  stogger_set_warnings(stogger_${name}_module)
  list(APPEND test_modules stogger_${name}_module)
endforeach()
list(APPEND test_modules stogger_probe_module)
set_target_properties(${test_modules} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${module_folder})

target_compile_definitions(test_module PRIVATE TEST_MODULE_FOLDER="${module_folder}")
add_dependencies(test_module ${test_modules})
