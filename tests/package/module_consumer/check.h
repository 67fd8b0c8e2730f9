// What the programs of module_consumer have in common.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

inline void require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "module_consumer: %s\n", what.c_str());
  std::exit(1);
}

inline bool is_in_memory(const std::string& file) {
  std::ifstream maps("/proc/self/maps");
  std::ostringstream text;
  text << maps.rdbuf();
  return text.str().find("/" + file) != std::string::npos;
}
