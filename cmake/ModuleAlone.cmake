# For a module that is built alone: finds the installed stogger that it is for,
# and lets the module be installed beside it.
include(${CMAKE_CURRENT_LIST_DIR}/Version.cmake)
option(STOGGER_WERROR "Treat warnings as errors" OFF)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_package(stogger ${stogger_version} EXACT QUIET)
if(NOT stogger_FOUND)
  set(found "")
  if(stogger_CONSIDERED_VERSIONS)
    set(found " (found: ${stogger_CONSIDERED_VERSIONS})")
  endif()
  message(
    FATAL_ERROR
      "${PROJECT_NAME} ${stogger_version} needs an installed stogger of the same version${found}: "
      "build and install it from the same sources, and set CMAKE_PREFIX_PATH to its prefix.")
endif()
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set(CMAKE_INSTALL_PREFIX ${stogger_PREFIX} CACHE PATH "Where to install: beside stogger" FORCE)
endif()
if(NOT DEFINED CMAKE_INSTALL_LIBDIR)
  set(CMAKE_INSTALL_LIBDIR ${stogger_LIBDIR} CACHE PATH "As that of stogger")
endif()
