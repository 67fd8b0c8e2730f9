// A folder with files of any names, in which a log is rotated. Only what
// rotation itself names is renamed or removed.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "stogger/sink.h"
#include "support/temp_folder.h"
#include "tests/support/kept_report.h"

namespace stogger {
namespace {

namespace fs = std::filesystem;

void check(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "rotation: %s\n", what.c_str());
  std::abort();
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

bool is_date(std::string_view text) {
  return text.size() == 10 && is_number(text.substr(0, 4)) && text[4] == '-' &&
         is_number(text.substr(5, 2)) && text[7] == '-' &&
         is_number(text.substr(8));
}

// a.log, a.log.N, a.log.DATE, a.log.DATE.N, and the lock. DATE may have an
// hour.
bool is_of_rotation(std::string_view name) {
  if (name == "a.log" || name == "a.log.lock" || name == ".a.log.lock") {
    return true;
  }
  if (!name.starts_with("a.log.")) return false;
  name.remove_prefix(6);
  if (is_number(name)) return true;
  if (!is_date(name.substr(0, 10))) return false;
  name.remove_prefix(10);
  if (name.size() > 2 && name[0] == '_' && is_number(name.substr(1, 2))) {
    name.remove_prefix(3);
  }
  return name.empty() || (name[0] == '.' && is_number(name.substr(1)));
}

std::string some_name(FuzzedDataProvider& data) {
  static constexpr const char* kParts[] = {
      "a.log", ".",  "a.log.2026-11-2", "1", "2026-11-20", "-",
      "0",     ".1", "99999999999999",  "a", "a.log.lock", " "};
  std::string name;
  const int parts = data.ConsumeIntegralInRange(1, 4);
  for (int i = 0; i < parts; ++i) {
    name += data.ConsumeIntegralInRange(0, 3) == 0
                ? data.ConsumeRandomLengthString(8)
                : data.PickValueInArray(kParts);
  }
  std::erase_if(name, [](char c) { return c == '/' || c == '\0'; });
  return name.substr(0, 200);
}

void log_lines(FuzzedDataProvider& data, const std::string& path) {
  constexpr std::int64_t kHour = 3600LL * 1000000000;
  SinkPtr sink;
  const char* const rotation =
      data.PickValueInArray({"size", "daily", "hourly"});
  const Status made =
      make_sink("file",
                {{"path", path},
                 {"rotation", rotation},
                 {"max_bytes", 1000},
                 {"backup_count", data.ConsumeIntegralInRange(0, 3)}},
                &sink);
  check(made.ok(), std::string(made.message()));
  if (!sink->open().ok()) return;  // a folder of that name, perhaps
  const std::string line(400, 'x');
  const std::string ended = line + "\n";
  Time now{1795225168656642000};
  for (int i = 0; i < 6; ++i) {
    const Column column{"line", Kind::text};
    const Value value(ended);
    RowBatch rows;
    rows.columns = &column;
    rows.column_count = 1;
    rows.values = &value;
    rows.row_count = 1;
    rows.now = now;
    static_cast<void>(write_to(*sink, rows));
    now.ns += data.ConsumeIntegralInRange(-1, 30) * kHour;
  }
  static_cast<void>(sink->close());
}

void run(FuzzedDataProvider data) {
  static const TempFolder folder;
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    fs::remove_all(entry.path());
  }
  std::map<std::string, bool> others;  // and whether they are folders
  const int count = data.ConsumeIntegralInRange(0, 6);
  for (int i = 0; i < count; ++i) {
    const std::string name = some_name(data);
    if (name.empty() || name == "." || name == "..") continue;
    const bool is_folder = data.ConsumeIntegralInRange(0, 4) == 0;
    if (fs::exists(folder.file(name))) continue;
    if (is_folder) {
      fs::create_directory(folder.file(name));
    } else {
      write_file(folder.file(name), name);
    }
    others[name] = is_folder;
  }
  log_lines(data, folder.file("a.log"));
  for (const auto& [name, is_folder] : others) {
    if (is_of_rotation(name)) continue;
    check(is_folder ? fs::is_directory(folder.file(name))
                    : read_file(folder.file(name)) == name,
          "changed or removed: " + name);
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string();
    check(is_of_rotation(name) || others.contains(name), "made: " + name);
  }
}

}  // namespace
}  // namespace stogger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  stogger::run(FuzzedDataProvider(data, size));
  return 0;
}
