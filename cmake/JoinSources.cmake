# STOGGER_JOIN_SOURCES compiles the sources of a folder as one, which takes a third
# of the time. What each of them includes is judged by builds without it.
option(STOGGER_JOIN_SOURCES "Compile the sources of a folder as one" OFF)

function(stogger_join_sources target)
  if(NOT STOGGER_JOIN_SOURCES)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cc$")
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "${folder}" group)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP "${group}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A local name may be that of another source, and for g++ a source that is included is a header.
  target_compile_options(${target} PRIVATE -Wno-shadow
                                           $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()
