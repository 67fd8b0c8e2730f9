// For tests that load modules: where those are, and what the probe wrote.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "module/loader.h"
#include "stogger/diagnostics.h"
#include "stogger/sink.h"
#include "support/temp_folder.h"

namespace stogger {

using Lines = std::vector<std::string>;

// From the start: what is loaded once stays so.
inline constexpr const char* kNothingInstalled = "/no/such/folder/stogger";
// Where the modules of the machine are.
inline const std::string kInstalledModules =
    set_installation_folder(kNothingInstalled);

class ModuleTest : public ::testing::Test {
 protected:
  ModuleTest() {
    look_in(TEST_MODULE_FOLDER);
    set_diagnostics(
        [](std::string_view line, void* self) {
          static_cast<ModuleTest*>(self)->reports_.emplace_back(line);
        },
        this);
  }
  ~ModuleTest() override {
    set_diagnostics(nullptr);
    ::unsetenv("STOGGER_MODULE_PATH");
  }

  static void look_in(const std::string& path) {
    ::setenv("STOGGER_MODULE_PATH", path.c_str(), 1);
  }

  static std::string built(std::string_view type) {
    return std::string(TEST_MODULE_FOLDER "/stogger_") + std::string(type) +
           ".so";
  }
  // As another type of sink: a file of its own, that is loaded apart.
  void install(std::string_view as, std::string_view built_type = "probe") {
    const std::string file = folder_.file("stogger_" + std::string(as) + ".so");
    std::filesystem::remove(file);
    std::filesystem::copy_file(built(built_type), file);
  }

  std::string log() const { return folder_.file("probe.log"); }
  Lines written() const {
    std::ifstream in(log());
    Lines lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  static bool has(const Lines& lines, std::string_view line) {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }

  // A probe that writes to log().
  Status make(std::vector<Field> options, SinkPtr* sink) {
    const std::string path = log();
    options.push_back({"path", path});
    return make_sink("probe", options, sink);
  }
  SinkPtr probe(std::vector<Field> options = {}) {
    SinkPtr sink;
    const Status status = make(std::move(options), &sink);
    EXPECT_TRUE(status.ok()) << status.message();
    return sink;
  }

  TempFolder folder_;
  Lines reports_;
};

}  // namespace stogger
