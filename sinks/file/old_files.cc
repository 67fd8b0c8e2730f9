#include "sinks/file/old_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <tuple>
#include <utility>

#include "sinks/file/compression.h"

namespace stogger {
namespace {

// PATH.2026-11-21, or PATH.2026-11-21.1 if that was taken, and so on. With
// "_13" behind the day, it is one of an hour. Without a date: PATH.1.
struct OldFile {
  std::string date;
  unsigned number = 0;
  std::string name;

  bool operator==(const OldFile& other) const { return name == other.name; }
};

bool begins_like(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (pattern[i] == '0' ? !digit : text[i] != pattern[i]) return false;
  }
  return true;
}

bool read_number(std::string_view text, unsigned* number) {
  const char* const end = text.data() + text.size();
  return !text.empty() && std::from_chars(text.data(), end, *number).ptr == end;
}

// Both read what follows "PATH." in a file name.
bool read_dated(std::string_view text, OldFile* file) {
  constexpr std::string_view kDay = "0000-00-00";
  constexpr std::string_view kHour = "_00";
  if (!begins_like(text, kDay)) return false;
  std::size_t size = kDay.size();
  if (begins_like(text.substr(size), kHour)) size += kHour.size();
  file->date = text.substr(0, size);
  text.remove_prefix(size);
  return text.empty() ||
         (text[0] == '.' && read_number(text.substr(1), &file->number));
}

bool read_numbered(std::string_view text, std::size_t count, OldFile* file) {
  return read_number(text, &file->number) && text[0] != '0' &&
         file->number <= count;
}

// False for what others have put there, whose names would otherwise push out
// the files of this process.
bool could_be_ours(const Folder& folder, const std::string& name) {
  struct stat info;
  return folder.look_up(name, &info) && S_ISREG(info.st_mode) &&
         folder.check_file(name, false).ok();
}

std::vector<OldFile> read_all(const OldFiles& files, const Folder& folder,
                              const std::vector<std::string_view>& suffixes) {
  const std::string prefix = folder.name() + ".";
  std::vector<OldFile> found;
  for (const std::string& entry : folder.names()) {
    for (const std::string_view suffix : suffixes) {
      if (!entry.starts_with(prefix) || !entry.ends_with(suffix)) continue;
      OldFile file;
      file.name = entry.substr(0, entry.size() - suffix.size());
      if (file.name.size() <= prefix.size()) continue;
      const auto text = std::string_view(file.name).substr(prefix.size());
      if (files.dated ? read_dated(text, &file)
                      : read_numbered(text, files.count, &file)) {
        if (could_be_ours(folder, entry)) found.push_back(std::move(file));
        break;
      }
    }
  }
  return found;
}

std::vector<std::string> newest_first(std::vector<OldFile> found, bool dated) {
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return dated ? std::tie(a.date, a.number) > std::tie(b.date, b.number)
                 : a.number < b.number;
  });
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> names;
  std::transform(found.begin(), found.end(), std::back_inserter(names),
                 [](OldFile& file) { return std::move(file.name); });
  return names;
}

}  // namespace

std::vector<std::string_view> OldFiles::suffixes() const {
  std::vector<std::string_view> all = {""};
  if (compressed) {
    all.insert(all.end(), std::begin(kCompressedSuffixes),
               std::end(kCompressedSuffixes));
  }
  return all;
}

std::vector<std::string> OldFiles::find(const Folder& folder) const {
  return newest_first(read_all(*this, folder, suffixes()), dated);
}

std::vector<std::string> OldFiles::find_plain(const Folder& folder) const {
  return newest_first(read_all(*this, folder, {""}), dated);
}

bool OldFiles::has(const Folder& folder, const std::string& name) const {
  const auto all = suffixes();
  return std::any_of(all.begin(), all.end(), [&](std::string_view suffix) {
    return folder.exists(name + std::string(suffix));
  });
}

}  // namespace stogger
