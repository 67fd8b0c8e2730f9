# The libraries that programs come from. Without one, its tests are skipped, and say so.
foreach(library IN ITEMS spdlog glog)
  find_package(${library} QUIET)
  if(${library}_FOUND)
    string(TOUPPER ${library} name)
    target_link_libraries(test_bridges PRIVATE ${library}::${library})
    target_compile_definitions(test_bridges PRIVATE HAS_${name})
  endif()
endforeach()
