# Installs the library, its CMake package and its pkg-config file. The build
# folder is a package too: stogger_DIR may point at it.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/stogger)

install(
  TARGETS stogger
  EXPORT stoggerTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET stogger_cli)
  install(TARGETS stogger_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

get_target_property(library_type stogger TYPE)
string(COMPARE EQUAL "${library_type}" "SHARED_LIBRARY" stogger_is_shared)
set(stogger_find_optionals "")
set(pc_optionals "")
if(stogger_with_ZSTD)
  string(APPEND stogger_find_optionals "  find_dependency(zstd)\n")
  string(APPEND pc_optionals " libzstd")
endif()
if(stogger_with_ZLIB)
  string(APPEND stogger_find_optionals "  find_dependency(ZLIB)\n")
  string(APPEND pc_optionals " zlib")
endif()
if(stogger_with_RE2)
  string(APPEND stogger_find_optionals "  list(APPEND CMAKE_MODULE_PATH \"\${CMAKE_CURRENT_LIST_DIR}\")\n"
         "  find_dependency(re2)\n" "  list(POP_BACK CMAKE_MODULE_PATH)\n")
  string(APPEND pc_optionals " re2")
  configure_file(cmake/Findre2.cmake ${PROJECT_BINARY_DIR}/Findre2.cmake COPYONLY)
  install(FILES cmake/Findre2.cmake DESTINATION ${package_dir})
endif()
configure_package_config_file(
  cmake/stoggerConfig.cmake.in ${PROJECT_BINARY_DIR}/stoggerConfig.cmake
  INSTALL_DESTINATION ${package_dir}
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/stoggerConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(FILES ${PROJECT_BINARY_DIR}/stoggerConfig.cmake
              ${PROJECT_BINARY_DIR}/stoggerConfigVersion.cmake DESTINATION ${package_dir})
install(EXPORT stoggerTargets NAMESPACE stogger:: DESTINATION ${package_dir})
export(EXPORT stoggerTargets NAMESPACE stogger:: FILE ${PROJECT_BINARY_DIR}/stoggerTargets.cmake)

# pkg-config. A static library names what must be linked with it, without
# --static.
stogger_set_pkg_config_paths()
if(stogger_is_shared)
  set(pc_private .private)
  set(pc_static_libs "")
else()
  set(pc_private "")
  list(TRANSFORM CMAKE_DL_LIBS PREPEND " -l" OUTPUT_VARIABLE pc_static_libs)
  string(PREPEND pc_static_libs " -pthread")
endif()
configure_file(cmake/stogger.pc.in ${PROJECT_BINARY_DIR}/stogger.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/stogger.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
