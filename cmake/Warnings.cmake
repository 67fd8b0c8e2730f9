# Warnings for stogger's own targets; nobody who links them sees any of it.
function(stogger_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat-security)
  set_target_properties(${target} PROPERTIES COMPILE_WARNING_AS_ERROR ${STOGGER_WERROR})
endfunction()
