#include "tests/fault/subject.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "sinks/builtin.h"
#include "tests/support/sinks.h"
#include "tests/support/targets.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// --- Files -------------------------------------------------------------------

class FileSubject : public Subject {
 public:
  FileSubject(SinkFactory factory, Format format, std::vector<Field> options,
              std::string path)
      : factory_(factory),
        format_(format),
        options_(std::move(options)),
        path_(path.empty() ? folder_.file("a/b/log") : std::move(path)) {}

  SinkPtr make() override {
    std::vector<Field> options = options_;
    options.emplace_back("path", path_);
    return make_or_throw(factory_, options);
  }
  std::vector<std::string> names() override {
    return std::filesystem::exists(path_) ? names_in(format_, path_)
                                          : std::vector<std::string>();
  }
  std::vector<std::string> leftovers() override {
    std::vector<std::string> found;
    const auto folder = std::filesystem::path(path_).parent_path();
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string name = entry.path().string();
      if (name != path_ && name != path_ + ".lock") found.push_back(name);
    }
    return found;
  }

 private:
  const SinkFactory factory_;
  const Format format_;
  const std::vector<Field> options_;
  TempFolder folder_;
  const std::string path_;
};

using Made = std::unique_ptr<Subject>;

Made make_text(const std::string& path) {
  return std::make_unique<FileSubject>(make_file_sink, Format::text,
                                       std::vector<Field>(), path);
}

Made make_text_block(const std::string& path) {
  return std::make_unique<FileSubject>(make_file_sink, Format::text,
                                       std::vector<Field>{{"flush", "block"}},
                                       path);
}

Made make_jsonl(const std::string& path) {
  return std::make_unique<FileSubject>(make_jsonl_sink, Format::json,
                                       std::vector<Field>(), path);
}

Made make_jsonl_block(const std::string& path) {
  return std::make_unique<FileSubject>(make_jsonl_sink, Format::json,
                                       std::vector<Field>{{"flush", "block"}},
                                       path);
}

Made make_csv(const std::string& path) {
  return std::make_unique<FileSubject>(make_csv_sink, Format::csv,
                                       std::vector<Field>(), path);
}

// Others are to be waited for no longer than that: quite enough here.
constexpr Field kShortWait{"busy_timeout_ms", 20};

Made make_sqlite(const std::string& path) {
  return std::make_unique<FileSubject>(make_sqlite_sink, Format::sqlite,
                                       std::vector<Field>{kShortWait}, path);
}

Made make_old_sqlite(const std::string& path) {
  return std::make_unique<FileSubject>(
      make_sqlite_sink, Format::sqlite,
      std::vector<Field>{
          kShortWait, {"journal_mode", "DELETE"}, {"synchronous", "FULL"}},
      path);
}

// In a folder of its own.
template <Made (*kMake)(const std::string& path)>
Made make_file() {
  return kMake({});
}

// Rotated every few events. All its files together are the target.
class RotatedSubject final : public Subject {
 public:
  SinkPtr make() override {
    return make_or_throw(make_jsonl_sink, {{"path", folder_.file("log")},
                                           {"rotation", "size"},
                                           {"max_bytes", 1000},
                                           {"backup_count", 100}});
  }
  std::vector<std::string> names() override {
    std::vector<std::string> all;
    // The oldest has the highest number.
    for (int number = 99; number >= 0; --number) {
      const std::string path =
          folder_.file(number == 0 ? "log" : "log." + std::to_string(number));
      if (!std::filesystem::exists(path)) continue;
      const auto names = names_in(Format::json, path);
      all.insert(all.end(), names.begin(), names.end());
    }
    return all;
  }

 private:
  TempFolder folder_;
};

// --- Streams -----------------------------------------------------------------

// Reads lines out of a FIFO that this process has open.
class Fifo {
 public:
  explicit Fifo(std::string path) : path_(std::move(path)) {
    if (::mkfifo(path_.c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  }
  ~Fifo() { ::close(descriptor_); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

  std::string read_all() {
    std::string all;
    char chunk[4096];
    ssize_t size;
    while ((size = ::read(descriptor_, chunk, sizeof chunk)) > 0) {
      all.append(chunk, static_cast<std::size_t>(size));
    }
    return all;
  }

 private:
  const std::string path_;
  int descriptor_ = -1;
};

// What is torn in a stream cannot be taken back; it stands on a line of its
// own.
std::vector<std::string> names_in_stream(const std::string& text,
                                         Format format) {
  std::vector<std::string> names;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const bool whole = format == Format::json
                           ? line.ends_with('}')
                           : line.find(" check=") != std::string::npos;
    if (!whole) continue;
    names.push_back(format == Format::json ? targets::name_in_json(line)
                                           : targets::name_in_text(line));
  }
  return names;
}

class FifoSubject final : public Subject {
 public:
  SinkPtr make() override {
    return make_or_throw(make_jsonl_sink, {{"path", fifo_.path()}});
  }
  std::vector<std::string> names() override {
    return names_in_stream(fifo_.read_all(), Format::json);
  }

 private:
  TempFolder folder_;
  Fifo fifo_{folder_.file("fifo")};
};

// Stderr is a file, or a pipe.
class ConsoleSubject final : public Subject {
 public:
  explicit ConsoleSubject(bool is_pipe)
      : fifo_(folder_.file("fifo")), saved_(::dup(2)) {
    ::setenv("NO_COLOR", "1", 1);
    const int file =
        ::open(folder_.file("file").c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
    ::dup2(is_pipe ? fifo_.descriptor() : file, 2);
    ::close(file);
  }
  ~ConsoleSubject() override {
    restore();
    ::unsetenv("NO_COLOR");
  }
  SinkPtr make() override { return make_or_throw(make_console_sink, {}); }
  std::vector<std::string> names() override {
    restore();
    return names_in_stream(read_file(folder_.file("file")) + fifo_.read_all(),
                           Format::text);
  }

 private:
  void restore() {
    if (saved_ == -1) return;
    ::dup2(saved_, 2);
    ::close(saved_);
    saved_ = -1;
  }

  TempFolder folder_;
  Fifo fifo_;
  int saved_;
};

std::unique_ptr<Subject> make_console_file() {
  return std::make_unique<ConsoleSubject>(false);
}

std::unique_ptr<Subject> make_console_pipe() {
  return std::make_unique<ConsoleSubject>(true);
}

// --- The journal -------------------------------------------------------------

// Takes the place of journald: a socket, and a thread that reads from it. The
// thread has no part in the faults.
class JournaldSubject final : public Subject {
 public:
  JournaldSubject() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_un place = address();
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&place),
               sizeof place) != 0) {
      throw std::runtime_error("cannot bind " + path_);
    }
    reader_ = std::thread([this] { receive(); });
  }
  ~JournaldSubject() override {
    stop();
    ::close(socket_);
  }

  SinkPtr make() override {
    return make_or_throw(make_journald_sink, {{"socket", path_}});
  }
  std::vector<std::string> names() override {
    stop();
    return names_;
  }
  bool logs_large_event() const override { return true; }
  // A datagram that waits has a size.
  void settle() override {
    for (int size = 1; size > 0; std::this_thread::yield()) {
      if (::ioctl(socket_, FIONREAD, &size) != 0) return;
    }
  }

 private:
  sockaddr_un address() const {
    sockaddr_un place = {};
    place.sun_family = AF_UNIX;
    std::strncpy(place.sun_path, path_.c_str(), sizeof place.sun_path - 1);
    return place;
  }
  // An empty datagram is the last one.
  void stop() {
    if (!reader_.joinable()) return;
    const sockaddr_un place = address();
    ::sendto(socket_, "", 0, 0, reinterpret_cast<const sockaddr*>(&place),
             sizeof place);
    reader_.join();
  }
  void receive() {
    std::vector<char> buffer(1024 * 1024);
    std::string entry;
    while (receive_one(buffer, &entry)) names_.push_back(name_in(entry));
  }
  bool receive_one(std::vector<char>& buffer, std::string* entry) const {
    iovec bytes = {buffer.data(), buffer.size()};
    alignas(cmsghdr) char control[64] = {};
    msghdr message = {};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(socket_, &message, 0);
    if (size < 0) return false;
    entry->assign(buffer.data(), static_cast<std::size_t>(size));
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr) return size > 0;
    int file = -1;
    std::memcpy(&file, CMSG_DATA(header), sizeof file);
    *entry = read_file("/proc/self/fd/" + std::to_string(file));
    ::close(file);
    return true;
  }
  static std::string field(const std::string& entry, const std::string& name) {
    const std::size_t start = entry.find("\n" + name + "=");
    if (start == std::string::npos) return {};
    const std::size_t value = start + name.size() + 2;
    return entry.substr(value, entry.find('\n', value) - value);
  }
  static std::string name_in(const std::string& entry) {
    const std::string name = field("\n" + entry, "EVENT");
    EXPECT_EQ(field(entry, "CHECK"), name) << "not whole";
    EXPECT_TRUE(entry.ends_with('\n')) << name;
    return name;
  }

  TempFolder folder_;
  const std::string path_ = folder_.file("socket");
  const int socket_;
  std::vector<std::string> names_;
  std::thread reader_;
};

template <class Kind>
std::unique_ptr<Subject> make_subject() {
  return std::make_unique<Kind>();
}

}  // namespace

const std::vector<FileKind>& file_kinds() {
  static const std::vector<FileKind> all = {
      {"Text", &make_text},
      {"TextBlock", &make_text_block},
      {"Jsonl", &make_jsonl},
      {"JsonlBlock", &make_jsonl_block},
      {"Csv", &make_csv},
      {"Sqlite", &make_sqlite},
      {"SqliteOldJournal", &make_old_sqlite},
  };
  return all;
}

const std::vector<SubjectKind>& subjects() {
  static const std::vector<SubjectKind> all = {
      {"Text", &make_file<&make_text>},
      {"TextBlock", &make_file<&make_text_block>},
      {"Jsonl", &make_file<&make_jsonl>},
      {"JsonlBlock", &make_file<&make_jsonl_block>},
      {"JsonlRotated", &make_subject<RotatedSubject>},
      {"JsonlFifo", &make_subject<FifoSubject>},
      {"Csv", &make_file<&make_csv>},
      {"Sqlite", &make_file<&make_sqlite>},
      {"SqliteOldJournal", &make_file<&make_old_sqlite>},
      {"ConsoleFile", &make_console_file},
      {"ConsolePipe", &make_console_pipe},
      {"Journald", &make_subject<JournaldSubject>},
  };
  return all;
}

}  // namespace stogger
