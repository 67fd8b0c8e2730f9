// A CSV file that is there already, of whatever content: torn, somebody else's,
// or no CSV at all. A line is added to it. What was there is kept, in the file
// or beside it, but for a last line that is not whole.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "format/csv.h"
#include "stogger/sink.h"
#include "support/temp_folder.h"
#include "tests/support/kept_report.h"

namespace stogger {
namespace {

constexpr std::string_view kHeader = "a,b\r\n";

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "csv file: %s\n", what);
  std::abort();
}

// What follows whole lines of CSV.
bool has_whole_line(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && text.substr(i).starts_with("\r\n")) return true;
  }
  return false;
}

std::string add_line(const std::string& path, const Value& a) {
  SinkPtr sink;
  Status status = make_sink(
      "csv", {{"path", path}, {"columns", Json{R"(["a","b"])"}}}, &sink);
  check(status.ok(), "not made");
  status = sink->open();
  check(status.ok(), "not opened");
  const Column columns[] = {{"a", Kind::null}, {"b", Kind::integer}};
  const Value values[] = {a, 7};
  RowBatch rows;
  rows.columns = columns;
  rows.column_count = 2;
  rows.values = values;
  rows.row_count = 1;
  check(write_to(*sink, rows).ok(), "not written");
  check(sink->close().ok(), "not closed");
  Buffer line;
  append_csv_row(line, values, 2);
  return std::string(line.view());
}

// What of the file was there before the line.
void check_kept(std::string_view before, std::string_view kept) {
  if (before.size() < kHeader.size() && kHeader.starts_with(before)) {
    check(kept == kHeader, "the first line is not whole");
    return;
  }
  check(before.starts_with(kHeader), "somebody else's file was added to");
  if (kept == before) return;
  if (kept.size() > before.size()) {
    check(kept.starts_with(before) && kept.substr(before.size()) == "\r\n",
          "more than a line end was added");
    return;
  }
  check(before.starts_with(kept), "the file was changed");
  check(kept.ends_with("\r\n"), "it was cut inside a line");
  check(!has_whole_line(before.substr(kept.size())), "whole lines were cut");
}

void run(std::string_view before) {
  static const TempFolder folder;
  const std::string path = folder.file("a.csv");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::filesystem::remove(entry.path());
  }
  write_file(path, before);
  const std::string_view text = before.substr(before.size() / 2);
  const std::string line = add_line(path, text);

  const std::string after = read_file(path);
  check(after.ends_with(line), "the line is not the last");
  const std::string_view kept =
      std::string_view(after).substr(0, after.size() - line.size());
  std::string aside;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("a.2") && name.ends_with(".csv")) {
      aside = entry.path().string();
    }
  }
  if (aside.empty()) {
    check_kept(before, kept);
  } else {
    check(kept == kHeader, "the new file does not begin with the columns");
    check(read_file(aside) == before, "what was put aside was changed");
    check(!before.starts_with(kHeader), "a file of these columns was left");
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  // Half of the time behind the right columns: chance would hardly find them.
  std::string text(reinterpret_cast<const char*>(data), size);
  if (size > 0 && data[0] % 2 == 0) text.replace(0, 1, stogger::kHeader);
  stogger::run(text);
  return 0;
}
