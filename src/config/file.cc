// Getting hold of a configuration file.
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "config/config.h"

namespace stogger {
namespace {

constexpr std::size_t kMostBytes = 10 << 20;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

// Empty, or why the file is no configuration. Nothing is waited for: neither
// for the writer of a pipe nor for a device.
std::string read_bytes(const std::string& path, std::string* bytes) {
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
  char buffer[1 << 14];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count == 0) return {};
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return "cannot be read: " + error_text(errno);
    bytes->append(buffer, static_cast<std::size_t>(count));
    if (bytes->size() > kMostBytes) {
      return "is larger than 10 MiB, so it is hardly a configuration";
    }
  }
}

// Where a relative path leads depends on the working folder, which may not be
// the one that was thought of.
std::string tell_absolute(const std::string& path) {
  const bool names_nothing =
      path.empty() || path.find('\0') != std::string::npos;
  if (names_nothing || path.starts_with('/')) return {};
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? std::string() : " (tried " + absolute.string() + ")";
}

}  // namespace

Config read_config_file(std::string_view path, std::vector<Problem>* problems) {
  const std::string name(path);
  std::string bytes;
  std::string why = read_bytes(name, &bytes);
  if (why.empty()) return read_config(bytes, name, problems);
  problems->push_back({name.empty() ? "configuration" : name,
                       {},
                       why + tell_absolute(name),
                       false});
  Config config = default_config(problems);
  config.file = name;
  return config;
}

}  // namespace stogger
