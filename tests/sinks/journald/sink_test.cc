#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "event/event.h"
#include "render/render.h"
#include "sinks/builtin.h"
#include "tests/support/journal.h"
#include "tests/support/kept_report.h"
#include "tests/support/processes.h"
#include "tests/support/rows.h"
#include "tests/support/sanitizer.h"
#include "tests/support/sinks.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

using Steady = std::chrono::steady_clock;
using Given = std::vector<std::pair<std::string, std::string>>;

Status make(std::vector<Field> fields, SinkPtr* sink) {
  Options options("journald", fields);
  return make_journald_sink(options, sink);
}

SinkPtr made(std::vector<Field> fields) {
  SinkPtr sink;
  const Status status = make(std::move(fields), &sink);
  EXPECT_TRUE(status.ok()) << status.message();
  return sink;
}

Rows row(const Given& given) {
  std::vector<Field> fields;
  for (const auto& [name, value] : given) fields.push_back({name, value});
  return field_rows({fields});
}

Rows numbered(int number) {
  return row({{"MESSAGE", "x"}, {"NUMBER", std::to_string(number)}});
}

// More bytes than the kernel takes as one datagram, whatever send buffer the
// sink asks for.
std::size_t beyond_datagram() {
  constexpr std::size_t kAsked = 8 * 1024 * 1024;
  const std::string granted = read_file("/proc/sys/net/core/wmem_max");
  const std::size_t most = granted.empty() ? kAsked : std::stoul(granted);
  return 2 * std::min(kAsked, most);
}

double milliseconds_of(const std::function<void()>& action) {
  const auto start = Steady::now();
  action();
  return std::chrono::duration<double, std::milli>(Steady::now() - start)
      .count();
}

class JournaldSink : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why_not;
    journal_ = Journal::start(&why_not);
    if (!journal_) GTEST_SKIP() << "no systemd-journald to test: " << why_not;
    static std::atomic<int> count{0};
    identifier_ = "stogger-test-" + std::to_string(::getpid()) + "-" +
                  std::to_string(++count);
    sink_ = made({{"socket", journal_->socket()}, {"identifier", identifier_}});
  }

  // The journald of a machine is not a test's to stop.
  bool must_leave_journal_alone() const { return !journal_->is_ours(); }

  std::vector<nlohmann::json> entries() {
    return journal_->entries(identifier_);
  }

  // The fields of an entry but those that journald adds.
  static Given sent_fields(const nlohmann::json& entry) {
    Given fields;
    for (const auto& [name, value] : entry.items()) {
      if (name[0] == '_') continue;
      if (value.is_array()) {
        for (const auto& one : value) fields.emplace_back(name, one);
      } else {
        fields.emplace_back(name, value);
      }
    }
    std::sort(fields.begin(), fields.end());
    return fields;
  }

  // Writes the fields as one entry, and fails unless it arrives as it was.
  void expect_arrives(Given given) {
    ASSERT_OK(sink_->open());
    ASSERT_OK(write_to(*sink_, row(given)));
    const auto all = entries();
    ASSERT_EQ(all.size(), 1u);
    given.emplace_back("SYSLOG_IDENTIFIER", identifier_);
    std::sort(given.begin(), given.end());
    const Given arrived = sent_fields(all[0]);
    ASSERT_EQ(arrived.size(), given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      EXPECT_EQ(arrived[i].first, given[i].first);
      EXPECT_TRUE(arrived[i].second == given[i].second)
          << given[i].first << " differs: " << arrived[i].second.size()
          << " bytes for " << given[i].second.size();
    }
  }

  std::vector<int> numbers() {
    std::vector<int> numbers;
    for (const auto& entry : entries()) {
      numbers.push_back(std::stoi(entry.at("NUMBER").get<std::string>()));
    }
    return numbers;
  }

  std::unique_ptr<Journal> journal_;
  std::string identifier_;
  SinkPtr sink_;
};

// ---- What arrives

TEST_F(JournaldSink, EveryFieldArrives) {
  expect_arrives({{"MESSAGE", "user-login: user_id=42"},
                  {"PRIORITY", "6"},
                  {"CODE_FILE", "src/login.cc"},
                  {"CODE_LINE", "17"},
                  {"CODE_FUNC", "handle"},
                  {"USER_ID", "42"},
                  {"EMPTY", ""},
                  {"NAME", "J\xc3\xbcrgen \xf0\x9f\x98\x80"},
                  {"A" + std::string(63, 'B'), "longest name"},
                  {"EQUALS", "=a=b="}});
}

TEST_F(JournaldSink, LinesAndControlCharactersArrive) {
  expect_arrives({{"MESSAGE", "first line\nsecond line\n"},
                  {"TRACE", "\n\n"},
                  {"FORGED", "x\nPRIORITY=0\nMESSAGE=y\n\n"},
                  {"COLOR", "\x1b[31mred\x1b[m\r\t\x7f"}});
}

TEST_F(JournaldSink, BytesThatAreNoTextArrive) {
  expect_arrives({{"MESSAGE", "x"}, {"BYTES", "nul \0 bad \xff\xfe"s}});
}

TEST_F(JournaldSink, OneNameMayHaveSeveralValues) {
  expect_arrives({{"MESSAGE", "x"}, {"TAG", "a"}, {"TAG", "b"}});
}

TEST_F(JournaldSink, AMebibyteArrives) {
  std::string lines;
  while (lines.size() < 1024 * 1024) lines += "a line of text\n";
  expect_arrives({{"MESSAGE", "x"}, {"BIG", std::string(1024 * 1024, 'x')}});
  if (HasFatalFailure()) return;
  identifier_ += "-lines";
  sink_ = made({{"socket", journal_->socket()}, {"identifier", identifier_}});
  expect_arrives({{"MESSAGE", "x"}, {"BIG", lines}});
}

TEST_F(JournaldSink, WhatFitsIntoNoDatagramArrives) {
  expect_arrives(
      {{"MESSAGE", "x"}, {"BIG", std::string(beyond_datagram(), 'x')}});
}

TEST_F(JournaldSink, LargeEntriesNeedNoPrivilege) {
  if (::geteuid() != 0) GTEST_SKIP() << "the other tests run without privilege";
  const Rows rows = row({{"MESSAGE", "x"},
                         {"NUMBER", "1"},
                         {"BIG", std::string(beyond_datagram(), 'x')}});
  EXPECT_TRUE(in_child([&] {
    return ::setgid(65534) == 0 && ::setuid(65534) == 0 && sink_->open().ok() &&
           write_to(*sink_, rows).ok();
  }));
  const auto all = entries();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].at("_UID"), "65534");
  EXPECT_EQ(all[0].at("BIG").get<std::string>().size(), beyond_datagram());
}

TEST_F(JournaldSink, AnEventArrivesAsItWasRendered) {
  const Field fields[] = {
      {"user_id", 42}, {"trace", "a\nb\xff"}, {"none", nullptr}};
  Event event;
  event.level = Level::error;
  event.name = "work-failed";
  event.func = "work";
  event.where = {"work", "src/work.cc", 7};
  event.fields = fields;
  event.field_count = std::size(fields);
  RowScratch scratch;
  RowBatch rows;
  render(event, RowForm::event, RowBatch(), scratch, &rows);
  ASSERT_EQ(sink_->form(), RowForm::event);
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, rows));
  const auto all = entries();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(sent_fields(all[0]),
            (Given{{"CODE_FILE", "src/work.cc"},
                   {"CODE_FUNC", "work"},
                   {"CODE_LINE", "7"},
                   {"EVENT", "work-failed"},
                   {"LEVEL", "error"},
                   {"MESSAGE",
                    "work-failed: user_id=42 trace=\"a\\nb\xef\xbf\xbd\" "
                    "none=null"},
                   {"NONE", ""},
                   {"PRIORITY", "3"},
                   {"SYSLOG_IDENTIFIER", identifier_},
                   {"TRACE", "a\nb\xef\xbf\xbd"},
                   {"USER_ID", "42"}}));
  EXPECT_EQ(all[0].at("_TRANSPORT"), "journal");
}

TEST_F(JournaldSink, TenThousandFieldsArrive) {
  std::vector<std::string> keys;
  for (int i = 0; i < 10000; ++i) keys.push_back("k" + std::to_string(i));
  std::vector<Field> fields;
  for (const std::string& key : keys) fields.push_back({key, key});
  Event event;
  event.level = Level::info;
  event.name = "many";
  event.func = "f";
  event.scope = "s";
  event.logger = "l";
  event.where = {"f", "a.cc", 1};
  event.fields = fields.data();
  event.field_count = fields.size();
  RowScratch scratch;
  RowBatch rows;
  render(event, RowForm::event, RowBatch(), scratch, &rows);
  sink_ = made({{"socket", journal_->socket()},
                {"identifier", identifier_},
                {"facility", "daemon"}});
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, rows));
  const auto all = entries();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].at("K0"), "k0");
  EXPECT_EQ(all[0].at("K999"), "k999");
  const auto more =
      nlohmann::json::parse(all[0].at("MORE_FIELDS").get<std::string>());
  EXPECT_EQ(more.size(), 9000u);
  EXPECT_EQ(more.at("k9999"), "k9999");
}

TEST_F(JournaldSink, ABatchIsAnEntryForEachRow) {
  Rows rows({{"MESSAGE", Kind::text}, {"NUMBER", Kind::text}});
  std::vector<int> wanted;
  for (int i = 0; i < 500; ++i) {
    rows.add({"x", std::to_string(i)});
    wanted.push_back(i);
  }
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, rows));
  EXPECT_EQ(numbers(), wanted);
  Tally tally;
  ASSERT_TRUE(sink_->tally(&tally));
  EXPECT_EQ(tally.written, 500u);
}

// ---- Options

TEST_F(JournaldSink, TheFacilityIsSentByNumber) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"kern", "0"}, {"daemon", "3"},  {"authpriv", "10"},
      {"ftp", "11"}, {"local0", "16"}, {"local7", "23"},
      {"0", "0"},    {"23", "23"},     {"13", "13"}};
  for (const auto& [given, wanted] : cases) {
    sink_ = made({{"socket", journal_->socket()},
                  {"identifier", identifier_},
                  {"facility", given}});
    ASSERT_OK(sink_->open());
    ASSERT_OK(write_to(*sink_, numbered(1)));
    EXPECT_EQ(entries().back().at("SYSLOG_FACILITY"), wanted);
  }
}

TEST_F(JournaldSink, WithoutOneThereIsNoFacility) {
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, numbered(1)));
  EXPECT_FALSE(entries().at(0).contains("SYSLOG_FACILITY"));
}

TEST_F(JournaldSink, TheServiceIsTheIdentifierUnlessOneIsGiven) {
  const std::string service = identifier_ + "-service";
  const std::vector<Field> fields = {{"socket", journal_->socket()}};
  Options options("journald", fields);
  OptionsAccess::set_identifier(options, service);
  ASSERT_OK(make_journald_sink(options, &sink_));
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, numbered(1)));
  EXPECT_EQ(journal_->entries(service).size(), 1u);
}

TEST_F(JournaldSink, TheProgramIsTheIdentifierIfThereIsNoService) {
  const std::size_t before =
      journal_->entries(program_invocation_short_name).size();
  sink_ = made({{"socket", journal_->socket()}});
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, numbered(1)));
  EXPECT_EQ(journal_->entries(program_invocation_short_name).size(),
            before + 1);
}

// ---- Failure and recovery

TEST_F(JournaldSink, ADeadJournalIsSeenAndFoundAgain) {
  if (must_leave_journal_alone()) GTEST_SKIP() << "the machine's own journald";
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, numbered(1)));
  EXPECT_EQ(numbers(), std::vector<int>{1});
  journal_->kill();
  for (int i = 0; i < 3; ++i) {
    const Status lost = write_to(*sink_, numbered(2));
    EXPECT_EQ(lost.code(), Code::unavailable);
    ASSERT_OK(sink_->close());
    const Status closed = sink_->open();
    EXPECT_EQ(closed.code(), Code::unavailable);
    EXPECT_EQ(closed.message(),
              "cannot connect: Connection refused; is systemd-journald "
              "running?");
  }
  journal_->restart();
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, numbered(3)));
  EXPECT_EQ(numbers(), (std::vector<int>{1, 3}));
}

TEST_F(JournaldSink, ARestartBetweenTwoEntriesLosesNothing) {
  if (must_leave_journal_alone()) GTEST_SKIP() << "the machine's own journald";
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, numbered(1)));
  EXPECT_EQ(numbers(), std::vector<int>{1});
  journal_->restart();
  ASSERT_OK(write_to(*sink_, numbered(2)));
  EXPECT_EQ(numbers(), (std::vector<int>{1, 2}));
}

TEST_F(JournaldSink, AStoppedJournalCosts250MillisecondsOnce) {
  if (must_leave_journal_alone()) GTEST_SKIP() << "the machine's own journald";
  ASSERT_OK(sink_->open());
  journal_->pause();
  std::vector<int> taken;
  double shortest = 1e9;
  // Other processes may take this one's time, so the best of some counts.
  for (int attempt = 0, number = 0; attempt < 5; ++attempt) {
    Status status;
    double took = 0;
    while (status.ok() && number < 10000) {
      took =
          milliseconds_of([&] { status = write_to(*sink_, numbered(number)); });
      if (status.ok()) taken.push_back(number);
      ++number;
    }
    ASSERT_EQ(status.code(), Code::unavailable);
    EXPECT_EQ(status.message(),
              "cannot send: the journal took nothing for 250 ms; is "
              "systemd-journald stopped or overloaded?");
    EXPECT_GE(took, 249);
    shortest = std::min(shortest, took);
  }
  EXPECT_LE(shortest, 270);

  ASSERT_OK(sink_->close());
  shortest = 1e9;
  for (int attempt = 0; attempt < 5; ++attempt) {
    Status status;
    shortest =
        std::min(shortest, milliseconds_of([&] { status = sink_->open(); }));
    EXPECT_EQ(status.code(), Code::unavailable);
  }
  EXPECT_LE(shortest, 20);

  journal_->resume();
  EXPECT_EQ(numbers(), taken);
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, numbered(-1)));
  taken.push_back(-1);
  EXPECT_EQ(numbers(), taken);
  Tally tally;
  ASSERT_TRUE(sink_->tally(&tally));
  EXPECT_EQ(tally.written, taken.size());
}

TEST_F(JournaldSink, AStoppedJournalDelaysLargeEntriesNoLonger) {
  if (must_leave_journal_alone()) GTEST_SKIP() << "the machine's own journald";
  const Rows large =
      row({{"MESSAGE", "x"}, {"BIG", std::string(beyond_datagram(), 'x')}});
  const auto best_of_five = [&](bool worked) {
    double shortest = 1e9;
    for (int attempt = 0; attempt < 5; ++attempt) {
      shortest = std::min(shortest, milliseconds_of([&] {
                            EXPECT_EQ(write_to(*sink_, large).ok(), worked);
                          }));
    }
    return shortest;
  };
  ASSERT_OK(sink_->open());
  // What it takes to copy that much, without any wait.
  const double copying = best_of_five(true);
  journal_->pause();
  while (write_to(*sink_, numbered(1)).ok()) {
  }
  const double waiting = best_of_five(false);
  EXPECT_GE(waiting, 249);
  EXPECT_LE(waiting - copying, kSanitized ? 500 : 350);
  journal_->resume();
}

TEST_F(JournaldSink, AJournalThatIsOnlySlowIsWaitedFor) {
  if (must_leave_journal_alone()) GTEST_SKIP() << "the machine's own journald";
  ASSERT_OK(sink_->open());
  journal_->pause();
  // One writer fills the queue, and says so by waiting.
  std::vector<int> taken;
  int number = 0;
  while (write_to(*sink_, numbered(number)).ok()) taken.push_back(number++);
  const pid_t waker = ::fork();
  if (waker == 0) {
    ::usleep(50000);
    journal_->resume();
    ::_exit(0);
  }
  EXPECT_TRUE(write_to(*sink_, numbered(number)).ok());
  taken.push_back(number);
  ::waitpid(waker, nullptr, 0);
  EXPECT_EQ(numbers(), taken);
}

// ---- Without any journal

class JournaldSocket : public ::testing::Test {
 protected:
  Status open() {
    sink_ = made({{"socket", path_}});
    return sink_->open();
  }

  int bind_socket(int type) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address),
                     sizeof address),
              0);
    return socket;
  }

  TempFolder folder_;
  std::string path_ = folder_.file("socket");
  SinkPtr sink_;
};

TEST_F(JournaldSocket, AMissingOneIsSeenWhenOpened) {
  const Status status = open();
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(status.message(),
            "cannot connect: No such file or directory; is systemd-journald "
            "running?");
  EXPECT_EQ(sink_->target(), path_);
}

TEST_F(JournaldSocket, OneThatNobodyListensOnIsSeenWhenOpened) {
  ::close(bind_socket(SOCK_DGRAM));
  EXPECT_EQ(open().message(),
            "cannot connect: Connection refused; is systemd-journald running?");
}

TEST_F(JournaldSocket, AnythingElseIsSeenWhenOpened) {
  write_file(path_, "");
  EXPECT_EQ(open().message(),
            "cannot connect: Connection refused; name the datagram socket of "
            "systemd-journald");
  ::unlink(path_.c_str());
  const int stream = bind_socket(SOCK_STREAM);
  ::listen(stream, 1);
  EXPECT_EQ(open().message(),
            "cannot connect: Protocol wrong type for socket; name the datagram "
            "socket of systemd-journald");
  ::close(stream);
}

TEST_F(JournaldSocket, OneThatMayNotBeWrittenToIsSeenWhenOpened) {
  const int socket = bind_socket(SOCK_DGRAM);
  ::chmod(path_.c_str(), 0);
  if (::access(path_.c_str(), W_OK) == 0) {
    ::chmod(folder_.path().c_str(), 0755);
    EXPECT_TRUE(in_child([&] {
      return ::setuid(65534) == 0 &&
             open().message().find("(uid 65534)") != std::string_view::npos;
    }));
  } else {
    EXPECT_NE(open().message().find("Permission denied"),
              std::string_view::npos);
  }
  ::close(socket);
}

// A socket nobody reads, whose datagrams a test can look at.
TEST_F(JournaldSocket, OneRowIsOneDatagram) {
  const int socket = bind_socket(SOCK_DGRAM);
  sink_ =
      made({{"socket", path_}, {"identifier", "shop"}, {"facility", "local0"}});
  ASSERT_OK(sink_->open());
  ASSERT_OK(write_to(*sink_, row({{"MESSAGE", "x"}})));
  char datagram[1000];
  const ssize_t size = ::recv(socket, datagram, sizeof datagram, MSG_DONTWAIT);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(datagram, static_cast<std::size_t>(size)),
            "SYSLOG_IDENTIFIER=shop\nSYSLOG_FACILITY=16\nMESSAGE=x\n");
  EXPECT_EQ(::recv(socket, datagram, sizeof datagram, MSG_DONTWAIT), -1);
  ::close(socket);
}

TEST_F(JournaldSocket, ALargeEntryIsASealedMemoryFile) {
  const int socket = bind_socket(SOCK_DGRAM);
  ASSERT_OK(open());
  ASSERT_OK(
      write_to(*sink_, row({{"BIG", std::string(beyond_datagram(), 'x')}})));
  char byte = 0;
  iovec bytes = {&byte, 1};
  alignas(cmsghdr) char control[256];
  msghdr message = {};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  EXPECT_EQ(::recvmsg(socket, &message, MSG_DONTWAIT), 0);
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  ASSERT_NE(header, nullptr);
  ASSERT_EQ(header->cmsg_type, SCM_RIGHTS);
  int descriptor = -1;
  std::copy_n(CMSG_DATA(header), sizeof descriptor,
              reinterpret_cast<unsigned char*>(&descriptor));
  EXPECT_EQ(::fcntl(descriptor, F_GET_SEALS) & 15,
            F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  EXPECT_GT(::lseek(descriptor, 0, SEEK_END),
            static_cast<off_t>(beyond_datagram()));
  ::close(descriptor);
  ::close(socket);
}

TEST_F(JournaldSocket, AnEntryTooLargeForTheProcessIsRefusedAlone) {
  const int socket = bind_socket(SOCK_DGRAM);
  const Rows large = row({{"BIG", std::string(beyond_datagram(), 'x')}});
  const Rows small = row({{"MESSAGE", "x"}});
  ASSERT_OK(open());
  EXPECT_TRUE(in_child([&] {
    const rlimit limit = {1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const KeptReport said = said_of(*sink_, large);
    return said.refused.size() == 1 &&
           said.refused[0].reason.find("File too large") != std::string::npos &&
           write_to(*sink_, small).ok();
  }));
  EXPECT_TRUE(in_child([&] {
    const rlimit limit = {0, 0};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    return said_of(*sink_, large).refused.size() == 1 &&
           write_to(*sink_, small).ok();
  }));
  ::close(socket);
}

TEST_F(JournaldSocket, OfABatchOnlyTheEntryThatIsTooLargeIsRefused) {
  const int socket = bind_socket(SOCK_DGRAM);
  const std::string large(beyond_datagram(), 'x');
  const Rows batch = field_rows(
      {{{"TEXT", "a"}}, {{"TEXT", large}}, {{"TEXT", "b"}}, {{"TEXT", "c"}}});
  ASSERT_OK(open());
  EXPECT_TRUE(in_child([&] {
    const rlimit limit = {0, 0};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const KeptReport said = said_of(*sink_, batch);
    Tally tally;
    return said.refused_rows() == std::vector<std::size_t>{1} &&
           sink_->tally(&tally) && tally.written == 3;
  }));
  ::close(socket);
}

TEST_F(JournaldSocket, TheSinkStaysClearOfTheStandardStreams) {
  const int socket = bind_socket(SOCK_DGRAM);
  EXPECT_TRUE(in_child([&] {
    for (const int stream : {0, 1, 2}) ::close(stream);
    return open().ok() && write_to(*sink_, row({{"MESSAGE", "x"}})).ok() &&
           ::fcntl(0, F_GETFD) == -1 && ::fcntl(1, F_GETFD) == -1 &&
           ::fcntl(2, F_GETFD) == -1;
  }));
  ::close(socket);
}

TEST_F(JournaldSocket, AnEmptyBatchSendsNothing) {
  const int socket = bind_socket(SOCK_DGRAM);
  ASSERT_OK(open());
  ASSERT_OK(write_to(*sink_, RowBatch()));
  char byte = 0;
  EXPECT_EQ(::recv(socket, &byte, 1, MSG_DONTWAIT), -1);
  ::close(socket);
}

TEST(JournaldOptions, WrongOnesAreExplained) {
  const struct {
    Field option;
    std::string_view message;
  } cases[] = {
      {{"facility", "deamon"}, "(did you mean \"daemon\"?)"},
      {{"facility", "24"}, "\"facility\" must be a name such as"},
      {{"facility", "-1"}, "\"facility\" must be a name such as"},
      {{"facility", ""}, "\"facility\" must be a name such as"},
      {{"facility", true}, "\"facility\" must be text, not a boolean"},
      {{"identifier", ""}, "\"identifier\" must not be empty"},
      {{"identifier", "\xff"}, "\"identifier\" must be UTF-8"},
      {{"socket", ""}, "\"socket\" must not be empty"},
      {{"soket", "/x"}, "(did you mean \"socket\"?)"},
  };
  for (const auto& c : cases) {
    SinkPtr sink;
    const Status status = make({c.option}, &sink);
    EXPECT_EQ(status.code(), Code::invalid);
    EXPECT_NE(status.message().find(c.message), std::string_view::npos)
        << status.message();
    EXPECT_FALSE(sink);
  }
  const std::string longest = "/" + std::string(106, 'x');
  SinkPtr sink;
  EXPECT_TRUE(make({{"socket", longest}}, &sink).ok());
  EXPECT_FALSE(make({{"socket", longest + "x"}}, &sink).ok());
}

TEST(JournaldOptions, OneMistakeIsOneProblem) {
  for (const Field& option :
       {Field("facility", true), Field("identifier", 1), Field("socket", 1)}) {
    const Field fields[] = {option};
    Options options("journald", fields);
    SinkPtr sink;
    EXPECT_FALSE(make_journald_sink(options, &sink).ok());
    EXPECT_EQ(OptionsAccess::problems(options).size(), 1u);
  }
}

TEST(JournaldOptions, TheSocketOfTheSystemIsTheDefault) {
  EXPECT_EQ(made({})->target(), "/run/systemd/journal/socket");
}

}  // namespace
}  // namespace stogger
