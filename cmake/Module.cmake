# Sink modules: one source, two forms. Included by CMakeLists.txt, and by those
# of modules that are built alone.
#
#   stogger_add_module(TYPE FACTORY make_TYPE_sink SOURCES ... [LIBRARIES ...])
#     stogger_TYPE_module   stogger_TYPE.so, found at run time
#     stogger_TYPE          stogger::TYPE, libstogger_TYPE.a, to be linked
#     stogger_TYPE_objects  the sources alone, for tests of what is inside
#   stogger_install_module(TYPE FIND "NAME [VERSION]"... PKG_CONFIG names)
#     installs both, the CMake component and the pkg-config file. FIND is for
#     find_package() and PKG_CONFIG for Requires, of what LIBRARIES are, if any.
include(GNUInstallDirs)
include(${CMAKE_CURRENT_LIST_DIR}/Warnings.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/Sanitizers.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/JoinSources.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/Harden.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/Dependencies.cmake)

get_filename_component(stogger_root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(stogger_module_cmake ${CMAKE_CURRENT_LIST_DIR})

# What the library has for itself that sinks may use, and what its users get from
# it too. A module that is loaded has a copy of what it uses of both, for it
# binds to nothing of the program; one that is linked needs the former if the
# library is shared. Options are asked of the host, and only the host reports.
file(GLOB stogger_module_private CONFIGURE_DEPENDS ${stogger_root}/src/base/*.cc ${stogger_root}/src/os/*.cc
     ${stogger_root}/src/row/*.cc ${stogger_root}/src/format/*.cc ${stogger_root}/sinks/common/*.cc)
set(stogger_module_public clock level stats status value)
list(JOIN stogger_module_public "|" names)
list(FILTER stogger_module_private EXCLUDE REGEX "/src/(base/(${names}|options)|os/diagnostics)\\.cc$")
list(TRANSFORM stogger_module_public REPLACE "(.+)" "${stogger_root}/src/base/\\1.cc")

function(stogger_set_up_module_target target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_include_directories(
    ${target} PRIVATE ${stogger_root}/include ${stogger_root}/src ${stogger_root})
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O2>)
  set_target_properties(
    ${target}
    PROPERTIES CXX_EXTENSIONS OFF
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON
               POSITION_INDEPENDENT_CODE ON)
  stogger_set_warnings(${target})
  stogger_sanitize(${target})
  stogger_join_sources(${target})
  stogger_harden(${target} ASSERTIONS)
endfunction()

# What all modules have in common; made once, of which each takes what it needs.
function(stogger_add_module_support)
  if(TARGET stogger_module_support)
    return()
  endif()
  stogger_find(nlohmann_json 3.11 PACKAGE nlohmann-json3-dev)
  add_library(stogger_module_base OBJECT EXCLUDE_FROM_ALL ${stogger_module_private})
  stogger_set_up_module_target(stogger_module_base)
  stogger_use_headers(stogger_module_base nlohmann_json::nlohmann_json)
  add_library(
    stogger_module_support STATIC EXCLUDE_FROM_ALL
    $<TARGET_OBJECTS:stogger_module_base> ${stogger_module_public}
    ${stogger_root}/src/module/guest/entry.cc ${stogger_root}/src/module/guest/options.cc)
  stogger_set_up_module_target(stogger_module_support)
endfunction()

# The shared object alone.
function(stogger_add_loadable_module type)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FACTORY" "SOURCES;LIBRARIES")
  stogger_add_module_support()
  set(target stogger_${type}_module)
  add_library(${target} MODULE ${arg_SOURCES} ${stogger_root}/src/module/guest/loaded.cc)
  stogger_set_up_module_target(${target})
  target_compile_definitions(
    ${target} PRIVATE STOGGER_MODULE_FACTORY=${arg_FACTORY}
                      STOGGER_MODULE_VERSION="${stogger_version}")
  target_link_libraries(${target} PRIVATE stogger_module_support ${arg_LIBRARIES})
  target_link_options(
    ${target} PRIVATE "LINKER:--version-script=${stogger_module_cmake}/module.map"
    "LINKER:-Bsymbolic" "LINKER:-z,nodelete")
  if(NOT STOGGER_SANITIZE AND NOT STOGGER_BUILD_FUZZERS)
    target_link_options(${target} PRIVATE "LINKER:-z,defs")
  endif()
  set_target_properties(
    ${target}
    PROPERTIES OUTPUT_NAME stogger_${type}
               PREFIX ""
               LINK_DEPENDS ${stogger_module_cmake}/module.map)
endfunction()

function(stogger_add_module type)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FACTORY" "SOURCES;LIBRARIES")
  set(objects stogger_${type}_objects)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  stogger_find(Threads PACKAGE libc6-dev)
  list(APPEND arg_LIBRARIES Threads::Threads)
  add_library(${objects} OBJECT ${arg_SOURCES})
  stogger_set_up_module_target(${objects})
  target_link_libraries(${objects} PUBLIC ${arg_LIBRARIES})

  stogger_add_loadable_module(
    ${type} FACTORY ${arg_FACTORY} SOURCES $<TARGET_OBJECTS:${objects}> LIBRARIES ${arg_LIBRARIES})

  add_library(
    stogger_${type} STATIC $<TARGET_OBJECTS:${objects}> ${stogger_root}/src/module/guest/linked.cc)
  add_library(stogger::${type} ALIAS stogger_${type})
  stogger_set_up_module_target(stogger_${type})
  target_compile_definitions(
    stogger_${type} PRIVATE STOGGER_MODULE_FACTORY=${arg_FACTORY} STOGGER_MODULE_TYPE="${type}"
                            STOGGER_MODULE_LINKED=stogger_linked_${type})
  if(TARGET stogger)
    # One folder for STOGGER_MODULE_PATH.
    set_target_properties(
      stogger_${type}_module PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${stogger_BINARY_DIR}/modules)
  endif()
  get_target_property(library_type stogger::stogger TYPE)
  if(library_type STREQUAL "SHARED_LIBRARY")
    target_sources(stogger_${type} PRIVATE $<TARGET_OBJECTS:stogger_module_base>)
  endif()
  target_link_libraries(stogger_${type} PUBLIC stogger::stogger PRIVATE ${arg_LIBRARIES})
  target_link_options(stogger_${type} INTERFACE "LINKER:-u,stogger_linked_${type}")
  set_target_properties(stogger_${type} PROPERTIES EXPORT_NAME ${type})
endfunction()

function(stogger_install_module type)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PKG_CONFIG" "FIND")
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/stogger)
  install(TARGETS stogger_${type}_module LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/stogger)
  install(
    TARGETS stogger_${type}
    EXPORT stogger-${type}Targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT stogger-${type}Targets NAMESPACE stogger:: DESTINATION ${package_dir})

  set(find_calls "")
  set(find_results "")
  list(PREPEND arg_FIND Threads)
  foreach(package IN LISTS arg_FIND)
    string(REGEX MATCH "^[^ ]+" name "${package}")
    string(APPEND find_calls "find_package(${package} QUIET)\n")
    list(APPEND find_results ${name}_FOUND)
  endforeach()
  string(REPLACE ";" " AND " find_results "${find_results}")
  string(REPLACE ";" ", " find_names "${arg_FIND}")
  configure_file(${stogger_module_cmake}/stogger-module.cmake.in stogger-${type}.cmake @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/stogger-${type}.cmake DESTINATION ${package_dir})
  stogger_set_pkg_config_paths()
  configure_file(${stogger_module_cmake}/stogger-module.pc.in stogger-${type}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/stogger-${type}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

  if(TARGET stogger)
    # The build folder is a package too.
    export(EXPORT stogger-${type}Targets NAMESPACE stogger::
           FILE ${stogger_BINARY_DIR}/stogger-${type}Targets.cmake)
    configure_file(${CMAKE_CURRENT_BINARY_DIR}/stogger-${type}.cmake
                   ${stogger_BINARY_DIR}/stogger-${type}.cmake COPYONLY)
  endif()
endfunction()

# Sets pc_prefix, pc_libdir and pc_includedir. The prefix is found from where the
# file lies, so that the tree can be moved.
macro(stogger_set_pkg_config_paths)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(pc_prefix ${CMAKE_INSTALL_PREFIX})
    set(pc_libdir ${CMAKE_INSTALL_LIBDIR})
  else()
    set(pc_libdir \${prefix}/${CMAKE_INSTALL_LIBDIR})
    file(RELATIVE_PATH up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
    string(REGEX REPLACE "/$" "" up "${up}")
    set(pc_prefix \${pcfiledir}/${up})
  endif()
  if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})
  else()
    set(pc_includedir \${prefix}/${CMAKE_INSTALL_INCLUDEDIR})
  endif()
endmacro()
