# Modules for the tests to load. They lie in a folder of their own, which the
# tests name in STOGGER_MODULE_PATH.
set(modules ${CMAKE_CURRENT_SOURCE_DIR}/module/modules)
set(module_folder ${CMAKE_CURRENT_BINARY_DIR}/modules)
stogger_add_loadable_module(probe FACTORY make_probe_sink SOURCES ${modules}/probe.cc)
# Modules written by hand: one source, of which a definition makes several.
function(stogger_add_plain_module name source definition)
  set(target stogger_${name}_module)
  add_library(${target} MODULE ${modules}/${source})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_compile_definitions(${target} PRIVATE ${definition})
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME stogger_${name} CXX_EXTENSIONS OFF)
  stogger_set_warnings(${target})
  set(test_modules ${test_modules} ${target} PARENT_SCOPE)
endfunction()
foreach(version IN ITEMS FIRST NEXT)
  string(TOLOWER of_${version}_version name)
  stogger_add_plain_module(${name} of_version.cc STOGGER_TEST_VERSION=${version})
endforeach()
foreach(broken IN ITEMS ABI NO_ENTRY NULL_ENTRY SMALL METHOD)
  string(TOLOWER broken_${broken} name)
  stogger_add_plain_module(${name} broken.cc STOGGER_TEST_BROKEN=${broken})
endforeach()
list(APPEND test_modules stogger_probe_module)
set_target_properties(${test_modules} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${module_folder})

target_compile_definitions(test_module PRIVATE TEST_MODULE_FOLDER="${module_folder}")
add_dependencies(test_module ${test_modules})

# The real one, for the keys that stand for it.
if(TARGET stogger_postgres_module)
  add_dependencies(test_module stogger_postgres_module)
  target_compile_definitions(
    test_module PRIVATE TEST_POSTGRES_MODULE="$<TARGET_FILE:stogger_postgres_module>")
endif()
