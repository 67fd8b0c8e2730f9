# Finds RE2: by its own CMake package, or where there is none, as in Debian 12, by its header and
# library. Sets re2_FOUND, and makes the target re2::re2.
find_package(re2 CONFIG QUIET)
if(NOT re2_FOUND)
  find_path(re2_INCLUDE_DIR re2/re2.h)
  find_library(re2_LIBRARY re2)
  mark_as_advanced(re2_INCLUDE_DIR re2_LIBRARY)
  if(re2_INCLUDE_DIR AND re2_LIBRARY)
    set(re2_FOUND TRUE)
    if(NOT TARGET re2::re2)
      add_library(re2::re2 UNKNOWN IMPORTED)
      set_target_properties(
        re2::re2 PROPERTIES IMPORTED_LOCATION "${re2_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                               "${re2_INCLUDE_DIR}")
    endif()
  endif()
endif()
