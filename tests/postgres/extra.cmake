# The sink's own sources, against the library's own.
target_link_libraries(test_postgres PRIVATE stogger_postgres_objects)
# The program stogger loads the module. An empty database is kept, for every
# test starts a server of its own.
add_dependencies(test_postgres stogger_postgres_module)
target_compile_definitions(
  test_postgres PRIVATE POSTGRES_TEST_MODULES="$<TARGET_FILE_DIR:stogger_postgres_module>"
                        POSTGRES_TEST_CACHE="${CMAKE_CURRENT_BINARY_DIR}/empty-database")

# Each of these shares a server among its tests.
set(left_out ":*/SinkContract*")
foreach(suite IN ITEMS Postgres SamplesPostgres StoppedPostgres TypedPostgres)
  add_test(NAME postgres.contract.${suite}
           COMMAND test_postgres --gtest_filter=${suite}/SinkContract*)
  set_tests_properties(postgres.contract.${suite} PROPERTIES TIMEOUT 120
                       ENVIRONMENT "${sanitizer_options}")
endforeach()
