# The service that the recipes are for.
add_executable(recipes_service ${CMAKE_CURRENT_SOURCE_DIR}/recipes/programs/service.cc)
set_target_properties(recipes_service PROPERTIES CXX_EXTENSIONS OFF)
target_link_libraries(recipes_service PRIVATE stogger_core)
stogger_set_warnings(recipes_service)
stogger_sanitize(recipes_service)

target_compile_definitions(test_recipes
                           PRIVATE RECIPES_SERVICE="$<TARGET_FILE:recipes_service>")
add_dependencies(test_recipes recipes_service)
