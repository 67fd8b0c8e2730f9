// Uses the postgres sink as a service would, without a server:
//   linked | loaded
// What its name says is how the sink must have come in.
#include <stogger/log.h>
#include <stogger/sink.h>

#include <cstdio>
#include <string>

#include "check.h"

int main(int, char** argv) {
  const std::string program = argv[0];
  const bool linked = program.ends_with("linked");
  require(is_in_memory("libpq.so") == linked, "libpq is not where it belongs");

  stogger::SinkPtr sink;
  stogger::Status s = stogger::make_sink(
      "postgres", {{"host", "/nonexistent"}, {"tabel", "t"}}, &sink);
  std::printf("%s\n", std::string(s.message()).c_str());
  require(s.message() ==
              "postgres sink: unknown option \"tabel\" (did you mean "
              "\"table\"?)",
          "a wrong option goes through");
  require(is_in_memory("stogger_postgres.so") != linked,
          "the sink came in the wrong way");

  s = stogger::make_sink(
      "postgres", {{"host", "/nonexistent"}, {"database", "logs"}}, &sink);
  require(s.ok(), std::string(s.message()));
  s = sink->open();
  std::printf("%s\n", std::string(s.message()).c_str());
  require(s.code() == stogger::Code::unavailable, "it can be opened");
  require(sink->columns().column_count < 100, "absurd columns");
  return 0;
}
