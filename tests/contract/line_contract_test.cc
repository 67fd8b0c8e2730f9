// The sinks that write lines: file, jsonl and console.

#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "sinks/builtin.h"
#include "tests/contract/sink_contract.h"
#include "tests/support/json_rows.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// What the contract says of each kind of value in JSON.
OwnedField expected_in_json(std::string_view name, const Value& value) {
  switch (value.kind()) {
    case Kind::real:
      if (std::isnan(value.real())) return {name, "NaN"};
      if (std::isinf(value.real())) {
        return {name, value.real() > 0 ? "Infinity" : "-Infinity"};
      }
      return {name, value};
    case Kind::text:
      return {name, with_replacements(value.text())};
    case Kind::time:
    case Kind::json:
      return through_json(name, value);
    default:
      return {name, value};
  }
}

// The path is a link that leads to a file, or to a full disk.
class LineDriver : public SinkDriver {
 public:
  LineDriver() { mend_target(); }
  std::vector<OwnedRow> read_back(Sink&) override {
    return read_json_lines(read_file(folder_.file("real.log")));
  }
  OwnedField expected(std::string_view name, const Value& value) override {
    return expected_in_json(name, value);
  }
  void break_target() override { lead_to("/dev/full"); }
  void mend_target() override { lead_to(folder_.file("real.log")); }

 protected:
  std::string path() const { return folder_.file("link.log"); }

 private:
  void lead_to(const std::string& target) {
    std::filesystem::remove(path());
    std::filesystem::create_symlink(target, path());
  }

  TempFolder folder_;
};

class JsonlDriver final : public LineDriver {
 public:
  SinkPtr make() override {
    return make_or_throw(make_jsonl_sink, {{"path", path()}});
  }
};

class JsonlBlockDriver final : public LineDriver {
 public:
  SinkPtr make() override {
    return make_or_throw(make_jsonl_sink,
                         {{"path", path()}, {"flush", "block"}});
  }
};

class FileDriver final : public LineDriver {
 public:
  SinkPtr make() override {
    return make_or_throw(
        make_file_sink,
        {{"path", path()}, {"format", "logfmt"}, {"rotation", "size"}});
  }
};

// Stands in for descriptor 2 while it lives.
class ConsoleDriver final : public SinkDriver {
 public:
  ConsoleDriver() : before_(::dup(STDERR_FILENO)) { mend_target(); }
  ~ConsoleDriver() override {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
  }
  SinkPtr make() override { return make_or_throw(make_console_sink, {}); }
  std::vector<OwnedRow> read_back(Sink&) override {
    return read_json_lines(read_file(folder_.file("stderr")));
  }
  OwnedField expected(std::string_view name, const Value& value) override {
    return expected_in_json(name, value);
  }
  void break_target() override { lead_to("/dev/full"); }
  void mend_target() override { lead_to(folder_.file("stderr")); }

 private:
  static void lead_to(const std::string& target) {
    const int file =
        ::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file == -1 || ::dup2(file, STDERR_FILENO) == -1) {
      throw std::runtime_error("cannot redirect stderr to " + target);
    }
    ::close(file);
  }

  TempFolder folder_;
  int before_;
};

INSTANTIATE_TEST_SUITE_P(Jsonl, SinkContract,
                         ::testing::Values(make_driver<JsonlDriver>));
INSTANTIATE_TEST_SUITE_P(JsonlInBlocks, SinkContract,
                         ::testing::Values(make_driver<JsonlBlockDriver>));
INSTANTIATE_TEST_SUITE_P(File, SinkContract,
                         ::testing::Values(make_driver<FileDriver>));
INSTANTIATE_TEST_SUITE_P(Console, SinkContract,
                         ::testing::Values(make_driver<ConsoleDriver>));

}  // namespace
}  // namespace stogger
