# Fails if a source file opens, creates, renames or removes a file by its path.
# What a sink writes is reached through src/os/folder.h, so that no other user
# of the machine can lead it elsewhere.
#
#   cmake -D SOURCE_DIR=... -P CheckFiles.cmake
cmake_minimum_required(VERSION 3.25)

# Who may, which calls, and why.
set(allowed
    "src/os/folder(_walk)?\\.cc|.*|they are the one way"
    "src/os/creation\\.cc|openat,chown,chmod|what a Folder has created, by its descriptor"
    "src/os/file\\.cc|open|the kernel's link to a descriptor of this process"
    "src/os/descriptor\\.cc|open|/dev/null"
    "src/base/clock\\.cc|open|reads sysfs"
    "src/os/watched_file\\.cc|openat|in a folder that is open, and to look only"
    "src/os/boot_id\\.cc|open|reads procfs"
    "src/os/lock_holder\\.cc|openat|reads procfs"
    "src/config/file\\.cc|open|reads the configuration"
    "src/module/loader\\.cc|open|reads a module"
    "sinks/postgres/pump\\.cc|open|/dev/null"
    "sinks/parquet/names\\.cc|linkat,renameat2|swaps two names in a Folder, by its descriptor")

set(calls
    "open|openat|openat2|creat|rename|renameat|renameat2|remove|unlink|unlinkat|rmdir|mkdir|mkdirat|mkstemp|mkostemp|mkdtemp|link|linkat|symlink|symlinkat|mknod|mknodat|mkfifo|truncate|chmod|fchmodat|chown|lchown|fchownat|fopen|freopen"
)
# As functions of C; or as their own names, where nothing of ours is called so.
string(CONCAT by_path "(^|[^A-Za-z0-9_>])::(${calls})\\(" "|"
              "(^|[^A-Za-z0-9_:.>~])(creat|unlink|unlinkat|rmdir|mkdir|openat|renameat|renameat2|fopen|freopen)\\(")
set(by_library
    "std::(rename|fopen|freopen|[io]?fstream)|filesystem::(rename|remove|remove_all|copy|copy_file|create_[a-z_]+|permissions|resize_file)"
)

function(is_allowed file call result)
  foreach(entry IN LISTS allowed)
    string(REGEX MATCH "^(.*)\\|([^|]*)\\|[^|]*$" unused "${entry}")
    set(files "${CMAKE_MATCH_1}")
    string(REPLACE "," "|" names "${CMAKE_MATCH_2}")
    if(file MATCHES "^(${files})$" AND call MATCHES "^(${names})$")
      set(${result} TRUE PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${result} FALSE PARENT_SCOPE)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/Sources.cmake)
set(problems "")
foreach(file IN LISTS files)
  file(STRINGS ${SOURCE_DIR}/${file} lines REGEX "${by_path}|${by_library}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^[ \t]*//")
      continue()
    elseif(line MATCHES "${by_library}")
      set(call "${CMAKE_MATCH_0}")
    else()
      string(REGEX MATCH "${by_path}" unused "${line}")
      set(call "${CMAKE_MATCH_2}${CMAKE_MATCH_4}")
    endif()
    is_allowed(${file} "${call}" fine)
    if(NOT fine)
      string(STRIP "${line}" line)
      list(APPEND problems "${file}: ${call}: ${line}")
    endif()
  endforeach()
endforeach()

if(problems)
  list(JOIN problems "\n  " text)
  message(FATAL_ERROR "Files are reached by their path; use src/os/folder.h:\n  ${text}")
endif()
message(STATUS "Files: ${count} files, each reaches others through their folder.")
