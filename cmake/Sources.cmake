# For the checks: `files`, the sources below SOURCE_DIR, relative to it, and how
# many there are.
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
  message(FATAL_ERROR "No sources in ${SOURCE_DIR}")
endif()
