# Fails if a source file includes what its layer must not know.
#
#   cmake -D SOURCE_DIR=... -P CheckLayers.cmake
#
# A folder of src/ includes itself, lower layers and the public headers. Sinks
# know src/base, src/os, src/row and src/format only; src/config,
# src/module, src/sample and src/cli may name sinks that are built in. A folder of sinks/
# knows itself of all sinks, sinks/*.h and sinks/common; a module, which is one
# with a CMakeLists.txt, what cmake/Module.cmake puts into every module instead;
# and nobody knows a module. Public headers know each other and the standard library.
cmake_minimum_required(VERSION 3.25)

set(layer_base 0)
set(layer_os 1)
set(layer_row 1)
set(layer_event 1)
set(layer_format 2)
set(layer_render 2)
set(layer_deliver 3)
set(layer_sample 4)
set(layer_testing 4)
set(layer_config 4)
set(layer_module 3)
set(layer_cli 5)
set(layers_sinks_know base os row format)
# What of sinks/ is in every module.
set(sinks_in_modules "^sinks/(common/columns\\.h$|common/paths\\.h$)")
set(sinks_all_know "^sinks/(common/[^/]+|[^/]+)$")
set(layers_that_know_sinks config module sample cli)

# Third-party headers, and the only places that may include them.
set(guarded "toml\\+\\+/" "CLI/" "sqlite3.h" "libpq" "zstd\\.h" "snappy")
set(guard_0 "^src/config/")
set(guard_1 "^src/cli/")
set(guard_2 "^(sinks/|src/cli/)")
set(guard_3 "^sinks/postgres/")
set(guard_4 "^sinks/parquet/")
set(guard_5 "^sinks/parquet/")

# The opt-in adapters, and what each is there to include.
set(adapter_json.h "^nlohmann/json\\.hpp$")
set(adapter_fmt.h "^fmt/[a-z]+\\.h$")

set(problems "")

function(problem file include why)
  list(APPEND problems "${file}: #include ${include}: ${why}")
  set(problems "${problems}" PARENT_SCOPE)
endfunction()

function(check_public_include file name quoted)
  cmake_path(GET file FILENAME header)
  if(quoted)
    if(NOT name MATCHES "^stogger/")
      problem(${file} "\"${name}\"" "a public header includes only stogger/ and <standard> headers")
    endif()
  elseif(NOT name MATCHES "^[a-z_]+(\\.h)?$")
    if(NOT DEFINED adapter_${header} OR NOT name MATCHES "${adapter_${header}}")
      problem(${file} "<${name}>" "a public header includes only stogger/ and <standard> headers")
    endif()
  endif()
  set(problems "${problems}" PARENT_SCOPE)
endfunction()

function(check_sink_include file name)
  cmake_path(GET file PARENT_PATH own)
  cmake_path(GET name PARENT_PATH target)
  if(EXISTS ${SOURCE_DIR}/${own}/CMakeLists.txt)
    set(known "${sinks_in_modules}")
  else()
    set(known "${sinks_all_know}")
  endif()
  if(NOT target STREQUAL own AND NOT name MATCHES "${known}")
    problem(${file} "\"${name}\"" "${own} knows of sinks/ only itself, and what all sinks know")
  endif()
  set(problems "${problems}" PARENT_SCOPE)
endfunction()

function(check_internal_include file name)
  string(REGEX MATCH "^([a-z_]+)/" unused "${name}")
  set(target "${CMAKE_MATCH_1}")
  if(target STREQUAL "stogger")
    return()
  elseif(target STREQUAL "")
    problem(${file} "\"${name}\"" "write the path from src/, as in \"base/buffer.h\"")
  elseif(file MATCHES "^sinks/")
    if(target STREQUAL "sinks")
      check_sink_include(${file} "${name}")
    elseif(NOT target IN_LIST layers_sinks_know)
      problem(${file} "\"${name}\"" "a sink knows only src/base, src/os, src/row, src/format and sinks/")
    endif()
  else()
    string(REGEX MATCH "^src/([a-z_]+)/" unused "${file}")
    set(own "${CMAKE_MATCH_1}")
    if(NOT DEFINED layer_${own})
      problem(${file} "\"${name}\"" "src/${own} is no layer that cmake/CheckLayers.cmake knows")
    elseif(target STREQUAL "sinks")
      if(NOT own IN_LIST layers_that_know_sinks)
        problem(${file} "\"${name}\"" "src/${own} must not know sinks")
      elseif(name MATCHES "^sinks/[^/]+/")
        problem(${file} "\"${name}\"" "what is in a folder of sinks/ is reached through its interface only")
      endif()
    elseif(NOT DEFINED layer_${target})
      problem(${file} "\"${name}\"" "src/${target} is no layer that cmake/CheckLayers.cmake knows")
    elseif(NOT target STREQUAL own AND NOT layer_${target} LESS layer_${own})
      problem(${file} "\"${name}\"" "src/${own} includes only layers below it, and src/${target} is not")
    endif()
  endif()
  set(problems "${problems}" PARENT_SCOPE)
endfunction()

function(check_guarded_include file name)
  foreach(pattern IN LISTS guarded)
    list(FIND guarded "${pattern}" index)
    if(name MATCHES "^${pattern}" AND NOT file MATCHES "${guard_${index}}")
      problem(${file} "<${name}>" "only files that match ${guard_${index}} include it")
    endif()
  endforeach()
  set(problems "${problems}" PARENT_SCOPE)
endfunction()

file(
  GLOB_RECURSE files
  RELATIVE ${SOURCE_DIR}
  ${SOURCE_DIR}/include/*.h
  ${SOURCE_DIR}/src/*.h
  ${SOURCE_DIR}/src/*.cc
  ${SOURCE_DIR}/sinks/*.h
  ${SOURCE_DIR}/sinks/*.cc)
list(LENGTH files count)
if(count EQUAL 0)
  message(FATAL_ERROR "CheckLayers: no sources in ${SOURCE_DIR}")
endif()

foreach(file IN LISTS files)
  file(STRINGS ${SOURCE_DIR}/${file} lines REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "include[ \t]*([<\"])([^>\"]+)[>\"]")
      problem(${file} "${line}" "not understood")
      continue()
    endif()
    set(name "${CMAKE_MATCH_2}")
    string(COMPARE EQUAL "${CMAKE_MATCH_1}" "\"" quoted)
    if(file MATCHES "^include/")
      check_public_include(${file} "${name}" ${quoted})
    elseif(quoted)
      check_internal_include(${file} "${name}")
    endif()
    check_guarded_include(${file} "${name}")
  endforeach()
endforeach()

if(problems)
  list(JOIN problems "\n  " text)
  message(FATAL_ERROR "The layers are broken:\n  ${text}")
endif()
message(STATUS "Layers: ${count} files, each includes only what it may.")
