// Getting hold of a configuration file.
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "config/config.h"
#include "os/descriptor.h"
#include "os/trust.h"

namespace stogger {
namespace {

constexpr std::size_t kMostBytes = 10 << 20;

struct Bytes {
  std::string text;
  std::string untrusted;  // why it must not be obeyed
  bool is_public = false;
};

// Empty, or why the file is no configuration. Nothing is waited for: neither
// for the writer of a pipe nor for a device.
std::string read_bytes(const std::string& path, Bytes* bytes) {
  if (path.empty()) return "no file is named";
  if (path.find('\0') != std::string::npos) {
    return "cannot be read: its name contains a NUL character";
  }
  const Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return "cannot be read: " + error_text(errno);
  }
  if (S_ISDIR(status.st_mode)) return "is a folder, not a TOML file";
  if (!S_ISREG(status.st_mode)) return "is no regular file";
  bytes->untrusted = why_untrusted(path, file.get());
  bytes->is_public = (status.st_mode & S_IROTH) != 0;
  char buffer[1 << 14];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count == 0) return {};
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return "cannot be read: " + error_text(errno);
    bytes->text.append(buffer, static_cast<std::size_t>(count));
    if (bytes->text.size() > kMostBytes) {
      return "is larger than 10 MiB, so it is hardly a configuration";
    }
  }
}

// Where a relative path leads depends on the working folder, which may not be
// the one that was meant.
std::string absolute_hint(const std::string& path) {
  const bool names_nothing =
      path.empty() || path.find('\0') != std::string::npos;
  if (names_nothing || path.starts_with('/')) return {};
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? std::string() : " (tried " + absolute.string() + ")";
}

}  // namespace

Config read_config_file(std::string_view path, FileUse use,
                        std::vector<Problem>* problems) {
  const std::string name(path);
  Bytes bytes;
  std::string why = read_bytes(name, &bytes);
  if (why.empty() && !bytes.untrusted.empty() && use == FileUse::obey) {
    why = "is not used: " + bytes.untrusted;
  } else if (why.empty()) {
    if (!bytes.untrusted.empty()) {
      problems->push_back(
          {name, {}, "would not be used by init(): " + bytes.untrusted, true});
    }
    Config config = read_config(bytes.text, name, problems);
    config.is_public = bytes.is_public;
    return config;
  }
  if (bytes.untrusted.empty()) why += absolute_hint(name);
  problems->push_back({name.empty() ? "configuration" : name, {}, why, false});
  Config config = default_config(problems);
  config.file = name;
  return config;
}

}  // namespace stogger
