# The version of everything in this repository: a module and the library that it
# is installed beside have the same one.
set(stogger_version 0.2.0)
