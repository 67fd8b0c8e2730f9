# Fails if a source file includes what its folder must not know, or if the table
# of folders in docs/design.md says otherwise.
#
#   cmake -D SOURCE_DIR=... -P CheckLayers.cmake
#
# A folder knows itself, the public headers, and what this table lists: folders
# of src/, or of sinks/ or single files there by their whole path. A folder of
# sinks/ that is not listed is a sink of its own. So nobody knows a sink but
# itself; and what is in a module, which is such a folder with a CMakeLists.txt,
# is reached through its interface only. Public headers know each other and the
# standard library.
cmake_minimum_required(VERSION 3.25)

set(layers
    "src/base:"
    "src/os: base"
    "src/row: base"
    "src/event: base"
    "src/filter: base, event"
    "src/format: base"
    "src/spool: base, os"
    "src/render: base, row, event"
    "src/deliver: base, os, event, filter, format, render, spool"
    "src/module: base, os, sinks/builtin.h"
    "src/module/guest: base"
    "src/sample: base, os, row, event, module, deliver, sinks/memory.h"
    "src/config: base, os, event, filter, module, deliver"
    "src/testing: base, row, deliver"
    "src/cli: base, os, event, format, render, spool, deliver, module, sample, config"
    "sinks: base, os, row, format, sinks/common, sinks/builtin.h"
    "sinks/common: base, os")

# Third-party headers, and the only places that may include them.
set(guarded "toml\\+\\+/" "CLI/" "sqlite3.h" "libpq" "zstd\\.h" "snappy" "zlib\\.h" "re2/")
set(guard_0 "^src/config/")
set(guard_1 "^src/cli/")
set(guard_2 "^(sinks/sqlite/|src/cli/)")
set(guard_3 "^sinks/postgres/")
set(guard_4 "^sinks/(parquet/|file/compression\\.cc)")
set(guard_5 "^sinks/parquet/")
set(guard_6 "^sinks/(parquet/|file/compression\\.cc)")
set(guard_7 "^src/event/value_patterns\\.cc")

# The opt-in adapters, and what each is there to include.
set(adapter_json.h "^nlohmann/json\\.hpp$")
set(adapter_fmt.h "^fmt/[a-z]+\\.h$")
set(adapter_spdlog.h "^spdlog/[a-z_/]+\\.h$")

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

# The folder of the table that a path lies in: a folder of src/ with all that is
# below it, unless that has a line of its own; or a sink.
function(find_layer path result)
  cmake_path(GET path PARENT_PATH folder)
  if(NOT DEFINED known_${folder} AND folder MATCHES "^src/[a-z_]+")
    set(folder "${CMAKE_MATCH_0}")
  endif()
  set(${result} "${folder}" PARENT_SCOPE)
endfunction()

function(check_internal_include file name)
  if(name MATCHES "^stogger/")
    return()
  elseif(NOT name MATCHES "/")
    problem(${file} "\"${name}\"" "write the path from src/, as in \"base/buffer.h\"")
  else()
    if(NOT name MATCHES "^sinks/")
      string(PREPEND name "src/")
    endif()
    find_layer(${file} own)
    find_layer(${name} target)
    set(known "${known_${own}}")
    if(NOT DEFINED known_${own} AND own MATCHES "^sinks/")
      set(known "${known_sinks}")
    endif()
    if(NOT DEFINED known_${own} AND NOT own MATCHES "^sinks/")
      problem(${file} "\"${name}\"" "${own} is no folder that cmake/CheckLayers.cmake knows")
    elseif(NOT target STREQUAL own AND NOT target IN_LIST known AND NOT name IN_LIST known)
      list(JOIN known ", " text)
      problem(${file} "\"${name}\"" "${own} knows only itself, the public headers, and: ${text}")
    endif()
  endif()
  set(problems "${problems}" PARENT_SCOPE)
endfunction()

# Every line of the table is one of the table there, and the other way round.
function(check_document path)
  file(STRINGS ${SOURCE_DIR}/${path} rows REGEX "^\\| `(src|sinks)[a-z_/]*` \\|")
  set(described "")
  foreach(row IN LISTS rows)
    string(REGEX MATCH "^\\| `([a-z_/]+)` \\|.*\\| ([^|]*)\\|$" unused "${row}")
    set(folder "${CMAKE_MATCH_1}")
    string(STRIP "${CMAKE_MATCH_2}" text)
    list(APPEND described "${folder}")
    if(NOT IS_DIRECTORY ${SOURCE_DIR}/${folder})
      list(APPEND problems "${path}: there is no ${folder}")
    elseif(DEFINED known_${folder} AND NOT text STREQUAL text_of_${folder})
      list(APPEND problems "${path}: ${folder} may include \"${text_of_${folder}}\", not \"${text}\"")
    endif()
  endforeach()
  foreach(folder IN LISTS folders)
    if(NOT folder IN_LIST described)
      list(APPEND problems "${path}: does not describe ${folder}")
    endif()
  endforeach()
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

set(folders "")
foreach(layer IN LISTS layers)
  string(REGEX MATCH "^([^:]+): ?(.*)$" unused "${layer}")
  set(folder "${CMAKE_MATCH_1}")
  set(text_of_${folder} "${CMAKE_MATCH_2}")
  string(REPLACE ", " ";" names "${CMAKE_MATCH_2}")
  list(TRANSFORM names PREPEND "src/" REGEX "^[^/]+$")
  set(known_${folder} "${names}")
  list(APPEND folders ${folder})
endforeach()

check_document(docs/design.md)
include(${CMAKE_CURRENT_LIST_DIR}/Sources.cmake)
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
