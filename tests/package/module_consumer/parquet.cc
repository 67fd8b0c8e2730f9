// Uses the parquet sink as a service would:
//   linked | loaded
// What its name says is how the sink must have come in.
#include <stogger/sample.h>
#include <stogger/sink.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "check.h"

int main(int, char** argv) {
  const std::string program = argv[0];
  const bool linked = program.ends_with("linked");
  require(is_in_memory("libsnappy.so") == linked,
          "libsnappy is not where it belongs");

  const std::string path = program + ".parquet";
  std::filesystem::remove(path);
  stogger::SinkPtr sink;
  stogger::Status s = stogger::make_sample_sink(
      "parquet", {{"path", path}, {"compresion", "none"}}, &sink);
  std::printf("%s\n", std::string(s.message()).c_str());
  require(
      s.message().find(
          "unknown option \"compresion\" (did you mean \"compression\"?)") !=
          std::string_view::npos,
      "a wrong option goes through");
  require(is_in_memory("stogger_parquet.so") != linked,
          "the sink came in the wrong way");

  s = stogger::make_sample_sink("parquet", {{"path", path}}, &sink);
  require(s.ok(), std::string(s.message()));
  const stogger::Field fields[] = {{"pressure", 14.7}, {"valve", "open"}};
  const stogger::Sample samples[] = {
      {.device = "mfc1", .unit_id = "A", .fields = fields}};
  s = stogger::pipe(samples, *sink);
  require(s.ok(), std::string(s.message()));
  s = sink->close();
  require(s.ok(), std::string(s.message()));

  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  require(bytes.starts_with("PAR1") && bytes.ends_with("PAR1"),
          path + " is no Parquet file");
  return 0;
}
