// The postgres sink against a server that says anything: establishing a
// connection, looking at the table, and each kind of statement, with a real
// libpq. Nothing may crash, hang, or take memory without end.
//
// The input is a byte of flags, one that says in how large pieces the rest is
// sent, and what the server says from the beginning of the session. It does not
// wait to be asked, and ends the session after that.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sinks/postgres/connection.h"
#include "sinks/postgres/establish.h"
#include "sinks/postgres/session.h"
#include "sinks/postgres/settings.h"
#include "tests/postgres/frames.h"

// libpq takes memory for what a message says its length is. Without a sanitizer
// that is only address space, but here it takes seconds.
extern "C" const char* __asan_default_options() {
  return "max_allocation_size_mb=64:allocator_may_return_null=1";
}

// libpq loses a result with each description of parameters ('t') after the
// first; its functions have no names, so that this cannot be told from others.
extern "C" const char* __lsan_default_suppressions() { return "leak:libpq.so"; }

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                        std::size_t most);

namespace stogger {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr double kLongestRun = 1;
constexpr std::size_t kMostText = 3000;
constexpr std::size_t kFlags = 2;
constexpr int kMostLosses = 8;  // see __lsan_default_suppressions()

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "postgres protocol: %s\n", what);
  std::abort();
}

// Of this thread: others may need the machine.
double cpu_seconds() {
  timespec time = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_nsec) / 1e9;
}

// Says the same to each client, and hangs up.
class Server {
 public:
  Server() {
    char folder[] = "/tmp/stogger-fuzz-XXXXXX";
    check(::mkdtemp(folder) != nullptr, "no folder");
    folder_ = folder;
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ + "/.s.PGSQL.5432";
    std::memcpy(address.sun_path, path.c_str(), path.size());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(::bind(listener_, reinterpret_cast<const sockaddr*>(&address),
                 sizeof address) == 0 &&
              ::listen(listener_, 8) == 0,
          "no socket");
    // Once a client is in it, nobody else is to come.
    std::atexit([] { instance().remove(); });
    std::thread([this] { serve(); }).detach();
  }
  static Server& instance() {
    static Server* const server = new Server;
    return *server;
  }

  const std::string& folder() const { return folder_; }
  void say(std::string_view bytes, std::size_t piece) {
    const std::lock_guard lock(mutex_);
    bytes_ = bytes;
    piece_ = piece == 0 ? std::max<std::size_t>(bytes.size(), 1) : piece;
  }

 private:
  void remove() const {
    ::unlink((folder_ + "/.s.PGSQL.5432").c_str());
    ::rmdir(folder_.c_str());
  }
  void serve() {
    for (;;) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      talk(client);
      ::close(client);
    }
  }
  void talk(int client) {
    std::string bytes;
    std::size_t piece = 0;
    {
      const std::lock_guard lock(mutex_);
      bytes = bytes_;
      piece = piece_;
    }
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::string_view next = std::string_view(bytes).substr(at, piece);
      if (::send(client, next.data(), next.size(), MSG_NOSIGNAL) < 0) return;
    }
    ::shutdown(client, SHUT_WR);
    char heard[65536];
    while (::recv(client, heard, sizeof heard, 0) > 0) {
    }
  }

  std::string folder_;
  int listener_ = -1;
  std::mutex mutex_;
  std::string bytes_;
  std::size_t piece_ = 1;
};

PostgresSettings settings_for(const std::string& folder) {
  const std::string dsn =
      "host=" + folder + " port=5432 user=postgres dbname=postgres";
  const Field fields[] = {{"dsn", dsn}};
  Options options("postgres", Fields(fields, 1));
  PostgresSettings settings;
  check(read_postgres_settings(options, &settings).ok(), "the options");
  settings.connect_timeout = 300ms;
  return settings;
}

void check_answer(const Answer& answer) {
  check(answer.message.size() <= kMostText, "a long message");
  check(answer.context.size() <= kMostText, "a long context");
  check(answer.sqlstate.empty() || answer.sqlstate.size() == 5, "a state");
  check(answer.ok() || !answer.message.empty() ||
            answer.kind == Answer::Kind::refused,
        "no message");
}

void write_rows(Connection& connection, Session& session, unsigned kind) {
  const Statements& statements = session.statements.find({});
  const std::size_t count =
      std::min<std::size_t>(statements.types.size(), 60000);
  const std::vector<const char*> values(count);
  const std::vector<int> lengths(count);
  const std::vector<int> binary(count, 1);
  const Parameters parameters = {count, values.data(), lengths.data(),
                                 binary.data(), statements.types.data()};
  const char* const first[] = {"SELECT 1"};
  const Deadline deadline = Steady::now() + 250ms;
  switch (kind) {
    case 0:
      return check_answer(
          connection.run_prepared(statements.name, parameters, deadline));
    case 1:
      return check_answer(
          connection.run_with(first, statements.insert, parameters, deadline));
    case 2:
      return check_answer(
          connection.copy("COPY", std::string(1000, 'x'), deadline));
    default:
      return check_answer(connection.run_all("SELECT 1", deadline));
  }
}

void run(std::string_view input) {
  static const PostgresSettings settings =
      settings_for(Server::instance().folder());
  static const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  static const std::atomic<bool> stopping{false};
  static std::atomic<bool> computing{false};
  if (input.size() < kFlags) return;
  const auto flags = static_cast<unsigned char>(input[0]);
  const auto piece = static_cast<unsigned char>(input[1]);
  Server::instance().say(input.substr(kFlags), piece);

  Status status;
  Session session;
  session.connection = establish(settings, PostgresTarget(), true,
                                 {wake, stopping, computing}, &status);
  check(status.message().size() <= kMostText, "a long reason");
  if (session.connection == nullptr) return;
  if ((flags & 4) == 0) {
    if (!prepare_session(settings, &session).ok()) return;
    check(session.columns.size() <= 1600, "more columns than there can be");
  }
  write_rows(*session.connection, session, flags & 3);
  static_cast<void>(session.connection->is_alive());
  write_rows(*session.connection, session, flags >> 3 & 3);
}

// ---- Mutations that keep the form of messages.

using Random = std::minstd_rand;

std::string any_message(Random& random) {
  using namespace frames;
  const std::string messages[] = {
      authentication_ok(),
      authentication(3),
      authentication(5, "salt"),
      authentication(10, "SCRAM-SHA-256" + std::string(2, '\0')),
      authentication(11, "r=x,s=eA==,i=4096"),
      ready(),
      ready('T'),
      ready('E'),
      parameter("client_encoding", "UTF8"),
      parameter("a", "b"),
      backend_key(),
      complete("INSERT 0 1"),
      complete("SELECT 0"),
      complete(""),
      error("23505", "no"),
      error("57P01", "going"),
      error("", ""),
      notice("hear"),
      notification("x"),
      columns(1),
      columns(8),
      columns(0),
      row({"t"}),
      row({"t", "postgres", "off", "200"}),
      row({std::nullopt}),
      row({"c", "t", std::nullopt, "25", "1009", "\"pg_catalog\".\"text\"",
           "-1", std::nullopt}),
      row({"e", "f", std::nullopt, "90000", "0", "x", "-1", "1:a2:bc9:"}),
      row({}),
      copy_in(),
      copy_out(),
      copy_both(),
      frame('1'),
      frame('2'),
      frame('3'),
      frame('n'),
      frame('s'),
      frame('I'),
      frame('c'),
      frame('d', "abc"),
      frame('t', int16(1) + int32(25)),
      frame('V', int32(0xFFFFFFFF)),
      frame('v', int32(0) + int32(0)),
      frame_of_length('D', 0x3FFFFFFF),
      frame_of_length('T', 3),
      frame_of_length('E', 0xFFFFFFFF),
  };
  return messages[random() % std::size(messages)];
}

void set_length(std::string* message) {
  if (message->size() < 5) return;
  const std::string length =
      frames::int32(static_cast<std::uint32_t>(message->size() - 1));
  message->replace(1, 4, length);
}

void mutate_body(std::string* message, Random& random) {
  if (message->size() < 6) return;
  std::string body = message->substr(5);
  const std::size_t before = body.size();
  body.resize(before + 16);
  body.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(body.data()),
                               before, body.size()));
  *message = message->substr(0, 5) + body;
  if (random() % 8 != 0) set_length(message);
}

void mutate(std::vector<std::string>* messages, Random& random) {
  if (messages->empty() || random() % 6 == 0) {
    const std::size_t at = random() % (messages->size() + 1);
    messages->insert(messages->begin() + static_cast<std::ptrdiff_t>(at),
                     any_message(random));
    return;
  }
  const std::size_t at = random() % messages->size();
  const auto it = messages->begin() + static_cast<std::ptrdiff_t>(at);
  const std::string copy = *it;
  switch (random() % 7) {
    case 0:
      messages->erase(it);
      break;
    case 1:
      messages->insert(it, copy);
      break;
    case 2:
      std::swap(*it, (*messages)[random() % messages->size()]);
      break;
    case 3:
      *it = any_message(random);
      break;
    case 4:
      (*it)[0] = "RSKZTDCIENAGHW123nstVcdv"[random() % 24];
      break;
    default:
      mutate_body(&*it, random);
  }
}

}  // namespace
}  // namespace stogger

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data,
                                               std::size_t size,
                                               std::size_t most,
                                               unsigned seed) {
  using namespace stogger;
  Random random(seed);
  if (size < kFlags || random() % 16 == 0) {
    return LLVMFuzzerMutate(data, size, most);
  }
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string result(input.substr(0, kFlags));
  if (random() % 8 == 0) result[0] = static_cast<char>(random());
  if (random() % 8 == 0) {
    result[1] = static_cast<char>(random() % 4 == 0 ? random() % 256 : 0);
  }
  std::vector<std::string> messages = frames::split(input.substr(kFlags));
  for (auto i = random() % 3 + 1; i > 0; --i) mutate(&messages, random);
  for (const std::string& message : messages) result += message;
  result.resize(std::min(result.size(), most));
  std::memcpy(data, result.data(), result.size());
  return result.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto messages =
      stogger::frames::split(input.substr(std::min(size, stogger::kFlags)));
  if (std::count_if(messages.begin(), messages.end(), [](const auto& message) {
        return message[0] == 't';
      }) > stogger::kMostLosses) {
    return -1;
  }
  const auto is_quick = [input] {
    const double start = stogger::cpu_seconds();
    stogger::run(input);
    return stogger::cpu_seconds() - start < stogger::kLongestRun;
  };
  // Once in a million runs it is the machine.
  stogger::check(is_quick() || is_quick(), "a run took too long");
  return 0;
}
