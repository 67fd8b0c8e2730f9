// `stogger check` changes nothing, whatever it finds.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "config/reading.h"
#include "stogger/system.h"
#include "support/sanitizer.h"
#include "support/temp_folder.h"
#include "support/tree.h"

namespace stogger {
namespace {

class CheckTest : public ConfigTest {
 protected:
  void SetUp() override {
#ifndef STOGGER_PROGRAM
    GTEST_SKIP() << "the program is not built (STOGGER_BUILD_TOOLS is off)";
#endif
    std::filesystem::create_directories(logs());
  }

  // Apart from the files that the test itself needs.
  std::string logs() const { return folder_.file("logs"); }
  std::string log(const std::string& name) const { return logs() + "/" + name; }

  std::string sink(const std::string& type, const std::string& name,
                   const std::string& more = "") const {
    return "[stogger.sinks.\"" + name + "\"]\ntype = \"" + type +
           "\"\npath = \"" + log(name) + "\"\n" + more;
  }

  // Runs `stogger check` and returns its exit code.
  int check(const std::string& toml, const std::string& more,
            const std::string& before = "") {
    write_file(folder_.file("c.toml"), toml);
    std::string command = "cd '" + folder_.path() + "' && " + before + " '";
#ifdef STOGGER_PROGRAM
    command += STOGGER_PROGRAM;
#endif
    command += "' check c.toml " + more + " </dev/null >'" +
               folder_.file("out") + "' 2>'" + folder_.file("err") + "'";
    const int status = std::system(command.c_str());
    out_ = read_file(folder_.file("out"));
    err_ = read_file(folder_.file("err"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  // Whether strace can be used on this machine, or the reason why not.
  std::string why_no_strace() const {
    if (kSanitized) return "sanitizers do not work under strace";
    const std::string command =
        "strace -o '" + folder_.file("trace") + "' true 2>/dev/null";
    return std::system(command.c_str()) == 0
               ? ""
               : "strace is not installed, or may not trace";
  }

  // The calls that change something outside of the standard streams.
  std::vector<std::string> changes() const {
    std::vector<std::string> found;
    std::ifstream in(folder_.file("trace"));
    for (std::string line; std::getline(in, line);) {
      if (is_change(line)) found.push_back(line);
    }
    return found;
  }

  // Those of the sinks in modules that were built.
  std::string module_sinks() const {
    std::string toml;
#ifdef PARQUET_MODULES
    toml += sink("parquet", "live.parquet");
#endif
#ifdef POSTGRES_MODULES
    // Nobody listens there.
    toml +=
        "[stogger.sinks.pg]\ntype = \"postgres\"\n"
        "dsn = \"postgresql://u:p@127.0.0.1:1/d?sslmode=disable\"\n";
#endif
    return toml;
  }
  static std::string module_path() {
    std::string path;
#ifdef PARQUET_MODULES
    path += PARQUET_MODULES ":";
#endif
#ifdef POSTGRES_MODULES
    path += POSTGRES_MODULES;
#endif
    return path;
  }

  std::map<std::string, std::string> tree_without_shm() const {
    auto tree = tree_of(logs());
    std::erase_if(tree,
                  [](const auto& one) { return one.first.ends_with("-shm"); });
    return tree;
  }

  TempFolder folder_;
  std::string out_;
  std::string err_;

 private:
  const ScopedVariable modules_{"STOGGER_MODULE_PATH", module_path().c_str()};

  // A line of `strace -f -y`: `123 write(1</tmp/out>, ...) = 5`.
  static bool is_change(const std::string& line) {
    const auto has = [&](const char* part) {
      return line.find(part) != std::string::npos;
    };
    const std::size_t name_end = line.find('(');
    if (name_end == std::string::npos) return false;
    const std::size_t name_begin = line.rfind(' ', name_end) + 1;
    const std::string name = line.substr(name_begin, name_end - name_begin);
    if (name == "open" || name == "openat" || name == "openat2") {
      return has("O_CREAT") || has("O_TRUNC") || has("O_TMPFILE");
    }
    if (name == "creat") return true;
    if (name.find("write") != std::string::npos) {
      // To a file, but for the program's own output and the names of threads.
      return line.compare(name_end + 1, 2, "1<") != 0 &&
             line.compare(name_end + 1, 2, "2<") != 0 && has("</") &&
             !has("</proc/");
    }
    for (const char* change :
         {"rename", "unlink", "mkdir", "rmdir", "mknod", "link", "symlink",
          "chmod", "chown", "truncate", "utime", "fallocate", "setxattr",
          "removexattr", "copy_file_range", "sendfile"}) {
      if (name.find(change) != std::string::npos && name != "readlink" &&
          name != "readlinkat") {
        return true;
      }
    }
    return false;
  }
};

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

constexpr char kTrace[] = "strace -f -y -o trace";

TEST_F(CheckTest, NothingIsChangedWhereNothingIsThere) {
  std::filesystem::remove(logs());
  const std::string toml =
      "[stogger]\nlogdir = \"" + logs() + "\"\n" + sink("jsonl", "a.jsonl") +
      sink("file", "sub/b.log", "rotation = \"size\"\n") +
      sink("csv", "sub/c.csv") + sink("sqlite", "d.db") + module_sinks() +
      "[stogger.sinks.memory]\ntype = \"memory\"\n"
      "[stogger.sinks.journal]\ntype = \"journald\"\nsocket = \"" +
      folder_.file("no-socket") + "\"\n";
  const std::string why = why_no_strace();
  check(toml, "--connect", why.empty() ? kTrace : "");
  EXPECT_FALSE(std::filesystem::exists(logs())) << out_;
  if (!why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(join(changes()), "");
  check(toml, "", kTrace);
  EXPECT_EQ(join(changes()), "");
}

TEST_F(CheckTest, ALiveServiceIsNotDisturbed) {
  const std::string toml =
      "[stogger]\nlog_to_console = false\nreport_events = false\n" +
      sink("jsonl", "live.jsonl", "mode = \"truncate\"\n") +
      sink("file", "live.log", "mode = \"truncate\"\nrotation = \"size\"\n") +
      sink("csv", "live.csv", "mode = \"truncate\"\n") +
      sink("sqlite", "live.db") + module_sinks() +
      sink("csv", "foreign.csv", "columns = [\"timestamp\", \"a\"]\n") +
      sink("sqlite", "text.db");
  write_file(log("foreign.csv"), "timestamp,b\r\n1,2\r\n");
  write_file(log("text.db"), "listen = 80\n");
  System system;
  const std::string running = toml.substr(0, toml.find("[stogger.sinks.\"for"));
  ASSERT_TRUE(system.load_text(running, "c.toml").ok());
  for (int i = 0; i < 100; ++i) system.logger().info("event", {{"i", i}});
  // Nobody takes what goes to PostgreSQL.
  static_cast<void>(system.flush());
  const Stats stats = system.stats();
  ASSERT_NE(stats.find("live.db"), nullptr);
  ASSERT_EQ(stats.find("live.db")->written, 100u);
  // What readers of a database in WAL mode share is in memory, and their locks
  // are noted there.
  const auto before = tree_without_shm();
  const std::string why = why_no_strace();
  check(toml, "--connect", why.empty() ? kTrace : "");
  const auto after = tree_without_shm();
  for (const auto& [path, text] : before) {
    ASSERT_TRUE(after.contains(path)) << path << " is gone";
    // Not with EXPECT_EQ, which would print the whole of a database.
    EXPECT_TRUE(after.at(path) == text)
        << path << ": " << text.substr(0, 80) << " became "
        << after.at(path).substr(0, 80);
  }
  EXPECT_EQ(after.size(), before.size());
  system.logger().info("still-there");
  static_cast<void>(system.close());
  EXPECT_NE(read_file(log("live.jsonl")).find("\"i\":0"), std::string::npos);
  if (!why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(join(changes()), "");
}

TEST_F(CheckTest, WhatCannotBeOpenedIsReported) {
  write_file(log("file"), "");
  EXPECT_EQ(check("[stogger]\n" + sink("jsonl", "file/a.jsonl"), "--connect"),
            69);
  EXPECT_NE(out_.find("cannot be opened: "), std::string::npos) << out_;
}

TEST_F(CheckTest, LongNamesDoNotMakeLongLines) {
  std::string path;
  for (const char c : {'a', 'b', 'c', 'd'}) path += std::string(200, c) + "/";
  EXPECT_EQ(check(sink("jsonl", path + "x.jsonl"), "--connect"), 0) << err_;
  const std::size_t finding = out_.find("would create");
  ASSERT_NE(finding, std::string::npos) << out_;
  const std::size_t begin = out_.rfind('\n', finding) + 1;
  EXPECT_LE(out_.find('\n', finding) - begin, 520u) << out_;
}

TEST_F(CheckTest, AJournalThatDoesNotListenIsReported) {
  const std::string toml =
      "[stogger]\n[stogger.sinks.j]\ntype = \"journald\"\nsocket = \"" +
      folder_.file("socket") + "\"\n";
  EXPECT_EQ(check(toml, "--connect"), 69);
  EXPECT_NE(out_.find("# sink \"j\" (journald " + folder_.file("socket") +
                      ") cannot be opened: "),
            std::string::npos)
      << out_;
}

TEST_F(CheckTest, AClosedStderrIsReported) {
  EXPECT_EQ(
      check("[stogger]\n", "--connect", "sh -c 'exec \"$0\" \"$@\" 2>&-'"), 69);
  EXPECT_NE(out_.find("# sink \"console\" (console stderr) cannot be opened: "
                      "stderr is closed\n"),
            std::string::npos)
      << out_;
}

TEST_F(CheckTest, LogsInAFolderForEverybodyGetAWarning) {
  ASSERT_EQ(::chmod(logs().c_str(), 01777), 0);
  EXPECT_EQ(check("[stogger]\n" + sink("jsonl", "a.jsonl"), ""), 0);
  EXPECT_EQ(err_, "c.toml:4:1: warning: \"path\" is in \"" + logs() +
                      "\", where everybody can put files and links; use a "
                      "folder of its own\n");
  EXPECT_EQ(check("[stogger]\nlogdir = \"" + logs() + "\"\n", ""), 0);
  EXPECT_EQ(err_, "c.toml:2:1: warning: \"logdir\" is in \"" + logs() +
                      "\", where everybody can put files and links; use a "
                      "folder of its own\n");
  ASSERT_EQ(::chmod(logs().c_str(), 0755), 0);
  EXPECT_EQ(check("[stogger]\n" + sink("jsonl", "a.jsonl"), ""), 0);
  EXPECT_EQ(err_, "");
}

TEST_F(CheckTest, PasswordsInAFileForEverybodyGetAWarning) {
  const ScopedVariable variable("STOGGER_TEST_PW", "s3cret");
  const std::string clear =
      "[stogger]\nenable_postgres = false\n"
      "postgres_dsn = \"postgresql://u:s3cret@db/logs\"\n";
  EXPECT_EQ(check(clear, ""), 0);
  EXPECT_EQ(err_,
            "c.toml:3:1: warning: \"postgres_dsn\" has a password in a file "
            "that everybody can read; chmod o-r the file, or write "
            "${VARIABLE}\n");
  ASSERT_EQ(::chmod(folder_.file("c.toml").c_str(), 0640), 0);
  EXPECT_EQ(check(clear, ""), 0);
  EXPECT_EQ(err_, "");
  ASSERT_EQ(::chmod(folder_.file("c.toml").c_str(), 0644), 0);
  for (const char* dsn :
       {"postgresql://u:${STOGGER_TEST_PW}@db/logs",
        "postgresql://u:%PASSWORD%@db/logs", "host=db user=u",
        "host=db password=${STOGGER_TEST_PW}", "${STOGGER_TEST_PW}"}) {
    EXPECT_EQ(
        check("[stogger]\npostgres_dsn = \"" + std::string(dsn) + "\"\n", ""),
        0);
    EXPECT_EQ(err_, "") << dsn;
  }
}

TEST_F(CheckTest, AFileOfOthersIsLookedAtAllTheSame) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  write_file(folder_.file("c.toml"), "[stogger]\n");
  ASSERT_EQ(::chown(folder_.file("c.toml").c_str(), 65534, 65534), 0);
  EXPECT_EQ(check("[stogger]\n", ""), 0);
  EXPECT_EQ(err_, "c.toml: warning: would not be used by init(): " +
                      folder_.file("c.toml") +
                      " belongs to user 65534; root obeys only what nobody "
                      "else can change: chown root " +
                      folder_.file("c.toml") + "\n");
  EXPECT_EQ(check("[stogger]\n", "--connect"), 78);
  EXPECT_NE(out_.find("belongs to user 65534"), std::string::npos) << out_;
  System system;
  EXPECT_EQ(system.load(folder_.file("c.toml")).code(), Code::config);
}

}  // namespace
}  // namespace stogger
