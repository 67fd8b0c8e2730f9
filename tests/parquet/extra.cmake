# The sink's own sources, against the library's own.
target_link_libraries(test_parquet PRIVATE stogger_parquet_objects)
# The program stogger loads the module.
add_dependencies(test_parquet stogger_parquet_module)
target_compile_definitions(
  test_parquet PRIVATE PARQUET_TEST_MODULES="$<TARGET_FILE_DIR:stogger_parquet_module>")
