// Programs that run with more rights than who started them: nothing that user
// may choose decides what they do.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include "config/reading.h"
#include "support/processes.h"
#include "support/sanitizer.h"
#include "support/temp_folder.h"

namespace stogger {
namespace {

constexpr uid_t kNobody = 65534;

class PrivilegedTest : public ConfigTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "only root can make set-user-ID programs";
    }
    if (kSanitized) {
      GTEST_SKIP() << "the runtime of sanitizers is not made for programs with "
                      "more rights than their caller";
    }
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    std::filesystem::create_directory(folder_.file("theirs"));
    ASSERT_EQ(::chown(folder_.file("theirs").c_str(), kNobody, kNobody), 0);
    std::filesystem::copy_file(PRIVILEGED_PROGRAM, program());
    ASSERT_EQ(::chmod(program().c_str(), 04755), 0);
    if (run("rights") != "more\n") {
      GTEST_SKIP() << folder_.path() << " is on a file system that is mounted "
                   << "with nosuid, or this process may gain no rights";
    }
  }

  std::string program() const { return folder_.file("program"); }

  // Runs it as nobody, with these variables; what it printed.
  std::string run(const std::string& arguments,
                  const std::string& variables = "") {
    const std::string out = folder_.file("theirs/out");
    const std::string command = "cd '" + folder_.file("theirs") + "' && " +
                                variables + " '" + program() + "' " +
                                arguments + " >'" + out + "' 2>&1";
    std::filesystem::remove(out);
    as_nobody([&] { return std::system(command.c_str()) == 0; });
    return read_file(out);
  }
  // As nobody, who is in no group but his own.
  static bool as_nobody(const std::function<bool()>& body) {
    return in_child([&] {
      return ::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 &&
             ::setuid(kNobody) == 0 && body();
    });
  }

  // The rights of the program: those of this user and group, with this mode.
  void set_rights(mode_t mode, gid_t group = 0) {
    ASSERT_EQ(::chown(program().c_str(), 0, group), 0);
    ASSERT_EQ(::chmod(program().c_str(), mode), 0);
  }
  // As setcap(8) does it, of the first 32.
  bool set_capability(int capability) {
    vfs_cap_data data = {};
    data.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE;
    data.data[0].permitted = 1u << capability;
    set_rights(0755);
    return ::setxattr(program().c_str(), "security.capability", &data,
                      XATTR_CAPS_SZ_2, 0) == 0 &&
           run("rights") == "more\n";
  }
  // A folder like /tmp.
  std::string make_tmp() {
    const std::string tmp = folder_.file("tmp");
    std::filesystem::create_directory(tmp);
    EXPECT_EQ(::chmod(tmp.c_str(), 01777), 0);
    return tmp;
  }
  static std::string rights_of(const std::string& path) {
    struct stat info = {};
    if (::lstat(path.c_str(), &info) != 0) return "missing";
    char text[64];
    std::snprintf(text, sizeof text, "%u:%u %o", info.st_uid, info.st_gid,
                  info.st_mode & 07777);
    return text;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  TempFolder folder_;
};

TEST_F(PrivilegedTest, TheLevelIsNotTheCallersChoice) {
  EXPECT_EQ(run("level-without-init", "STOGGER_LEVEL=debug"), "debug is off\n");
  EXPECT_EQ(run("level", "STOGGER_LEVEL=debug"), "ok\ndebug is off\n");
}

// It names the file in logdir, and who speaks in the journal.
TEST_F(PrivilegedTest, TheNameIsNotTheCallersChoice) {
  EXPECT_EQ(run("name", "bash -c 'exec -a auth \"$0\" \"$@\"'"), "program\n");
}

TEST_F(PrivilegedTest, TheConfigurationIsNotTheCallersChoice) {
  const std::string file = folder_.file("theirs/c.toml");
  write_file(file, "[stogger]\n[stogger.sinks.theirs]\ntype = \"memory\"\n");
  EXPECT_EQ(run("init", "STOGGER_CONFIG=" + file), "console\n");
}

TEST_F(PrivilegedTest, ModulesAreNotTheCallersChoice) {
  const std::string theirs = folder_.file("theirs");
  EXPECT_EQ(run("module-folders", "STOGGER_MODULE_PATH=" + theirs).find(theirs),
            std::string::npos);
}

TEST_F(PrivilegedTest, VariablesAreAProblem) {
  const std::string text = run("variable", "HOME=" + folder_.file("theirs"));
  EXPECT_TRUE(text.starts_with(
      "c.toml:2:1: \"logdir\": ${HOME} is not replaced: this program runs with "
      "more rights than the user who started it, and the environment is that "
      "user's choice; write the value itself\n"))
      << text;
}

TEST_F(PrivilegedTest, ThePasswordOfTheEnvironmentIsNotUsed) {
  const std::string text = run("password", "STOGGER_POSTGRES_PASSWORD=theirs");
  if (text.find("not installed") != std::string::npos) {
    GTEST_SKIP() << "the postgres module is not built";
  }
  EXPECT_NE(text.find("STOGGER_POSTGRES_PASSWORD"), std::string::npos) << text;
  EXPECT_NE(text.find("is not set"), std::string::npos) << text;
}

TEST_F(PrivilegedTest, AConfigurationThatTheCallerOwnsIsRefused) {
  const std::string file = folder_.file("theirs/c.toml");
  write_file(file, "[stogger]\n");
  ASSERT_EQ(::chown(file.c_str(), kNobody, kNobody), 0);
  EXPECT_NE(run("load " + file).find(" belongs to user 65534; root obeys only"),
            std::string::npos);
}

// With the rights of a group alone, the user of the process is the caller.
TEST_F(PrivilegedTest, WithTheRightsOfAGroupTheCallerIsNotTrustedEither) {
  const std::string file = folder_.file("theirs/c.toml");
  write_file(file, "[stogger]\n");
  ASSERT_EQ(::chown(file.c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(::chmod(program().c_str(), 02755), 0);
  ASSERT_EQ(run("rights"), "more\n");
  EXPECT_NE(run("load " + file)
                .find(" belongs to user 65534; a program with "
                      "more rights than its caller obeys only"),
            std::string::npos);
  EXPECT_EQ(run("level", "STOGGER_LEVEL=debug"), "ok\ndebug is off\n");
}

// ---- Files

TEST_F(PrivilegedTest, TheCallersGroupIsNoOwnGroup) {
  const std::string tmp = make_tmp();
  for (const std::string& path : {tmp + "/a.log", tmp + "/a.db"}) {
    for (const char* const part : {"", "-wal", "-shm", "-journal", ".lock"}) {
      const bool is_database = path.ends_with(".db");
      if (!is_database && part[0] != 0) continue;
      ASSERT_TRUE(as_nobody([&] {
        const int file = ::open((path + part).c_str(), O_CREAT | O_RDWR, 0660);
        return file != -1 && ::fchmod(file, 0660) == 0;
      }));
      EXPECT_EQ(run("log " + path), "lost\n") << path << part;
      EXPECT_EQ(std::filesystem::file_size(path + part), 0u);
      std::filesystem::remove(path + part);
      std::filesystem::remove(path);
      std::filesystem::remove(path + ".lock");
    }
  }
}

TEST_F(PrivilegedTest, AFolderThatTheCallersGroupMayChangeIsOpenToOthers) {
  const std::string folder = folder_.file("folder");
  std::filesystem::create_directory(folder);
  write_file(folder_.file("target"), "");
  std::filesystem::create_symlink(folder_.file("target"), folder + "/a.log");
  ASSERT_EQ(run("log " + folder + "/a.log"), "ok\n");
  ASSERT_EQ(::chown(folder.c_str(), 0, kNobody), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0770), 0);
  EXPECT_EQ(run("log " + folder + "/a.log"), "lost\n");
}

TEST_F(PrivilegedTest, WhatIsCreatedIsNotForTheCallersGroup) {
  const std::string tmp = make_tmp();
  for (const char* name : {"/app/a.log", "/app/a.db"}) {
    EXPECT_EQ(run("log " + tmp + name), "ok\n");
    EXPECT_EQ(rights_of(tmp + name), "0:65534 600");
  }
  EXPECT_EQ(rights_of(tmp + "/app"), "0:65534 700");
  EXPECT_EQ(run("log " + tmp + "/b.log 'file_mode = \"0640\"'"), "ok\n");
  EXPECT_EQ(rights_of(tmp + "/b.log"), "0:65534 640");
}

// Else he could make a file that the program itself cannot open any more.
TEST_F(PrivilegedTest, TheUmaskIsNotTheCallersChoice) {
  const std::string path = make_tmp() + "/app/a.log";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run("log " + path, "umask 0777; touch /dev/null;"), "ok\n");
  }
  EXPECT_EQ(rights_of(path), "0:65534 600");
  EXPECT_EQ(rights_of(path.substr(0, path.rfind('/'))), "0:65534 700");
}

TEST_F(PrivilegedTest, TheWorkingFolderIsTheCallersChoice) {
  EXPECT_TRUE(has(run("log a.log"), "must begin with /"));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("theirs/a.log")));
}

TEST_F(PrivilegedTest, DescriptorsAreTheCallersChoice) {
  write_file(folder_.file("root.conf"), "");
  ASSERT_EQ(::chmod(folder_.file("root.conf").c_str(), 0644), 0);
  const std::string text =
      run("log /dev/fd/5 5<'" + folder_.file("root.conf") + "'");
  EXPECT_EQ(text, "lost\n");
  EXPECT_EQ(read_file(folder_.file("root.conf")), "");
}

// He can open it to read; the program could open it to write.
TEST_F(PrivilegedTest, ReportsGoOnlyWhereTheCallerCouldWrite) {
  const std::string fifo = folder_.file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0644), 0);
  const int own = ::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ASSERT_NE(own, -1);
  for (const int flags : {O_RDONLY | O_NONBLOCK, O_PATH}) {
    ASSERT_TRUE(as_nobody([&] {
      const int descriptor = ::open(fifo.c_str(), flags);
      return descriptor != -1 && ::dup2(descriptor, 2) == 2 &&
             std::system((program() + " console >/dev/null").c_str()) == 0;
    }));
    char byte = 0;
    EXPECT_EQ(::read(own, &byte, 1), -1) << flags;
  }
  ::close(own);
}

// A set-group-ID program: its user is the caller.
TEST_F(PrivilegedTest, WithTheRightsOfAGroupTheCallersLinksAreNotFollowed) {
  constexpr gid_t kGroup = 54399;
  const std::string tmp = make_tmp();
  const std::string target = folder_.file("target");
  write_file(target, "of the group");
  ASSERT_EQ(::chown(target.c_str(), 0, kGroup), 0);
  ASSERT_EQ(::chmod(target.c_str(), 0660), 0);
  set_rights(02755, kGroup);
  ASSERT_TRUE(as_nobody([&] {
    return ::mkdir((tmp + "/app").c_str(), 0755) == 0 &&
           ::symlink(target.c_str(), (tmp + "/app/a.log").c_str()) == 0 &&
           ::symlink(target.c_str(), (tmp + "/a.log").c_str()) == 0;
  }));
  for (const char* name : {"/a.log", "/app/a.log", "/app/b.log"}) {
    EXPECT_EQ(run("log " + tmp + name + " 'mode = \"truncate\"'"), "lost\n")
        << name;
  }
  EXPECT_FALSE(std::filesystem::exists(tmp + "/app/b.log"));
  EXPECT_EQ(read_file(target), "of the group");
  // It shares its logs by its group.
  const std::string games = folder_.file("games");
  std::filesystem::create_directory(games);
  ASSERT_EQ(::chown(games.c_str(), 0, kGroup), 0);
  ASSERT_EQ(::chmod(games.c_str(), 0770), 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run("log " + games + "/a.log"), "ok\n");
  }
  EXPECT_EQ(rights_of(games + "/a.log"), "65534:54399 640");
}

TEST_F(PrivilegedTest, WithTheRightToAllFilesTheCallersLinksAreNotFollowed) {
  if (!set_capability(CAP_DAC_OVERRIDE)) {
    GTEST_SKIP() << "no capabilities of files here";
  }
  const std::string target = folder_.file("target");
  write_file(target, "of root");
  ASSERT_EQ(::chmod(target.c_str(), 0600), 0);
  std::filesystem::create_symlink(target, folder_.file("theirs/a.log"));
  ASSERT_EQ(::lchown(folder_.file("theirs/a.log").c_str(), kNobody, kNobody),
            0);
  EXPECT_EQ(run("log " + folder_.file("theirs/a.log")), "lost\n");
  EXPECT_EQ(read_file(target), "of root");
  EXPECT_EQ(run("log " + target), "ok\n");
}

// It can do no more with files than the user of the service, whose they are.
TEST_F(PrivilegedTest, WithTheRightToLowPortsFilesAreAsAlways) {
  if (!set_capability(CAP_NET_BIND_SERVICE)) {
    GTEST_SKIP() << "no capabilities of files here";
  }
  for (int i = 0; i < 2; ++i) {
    for (const char* name : {"logs/a.log", "logs/a.db"}) {
      EXPECT_EQ(run("log " + folder_.file("theirs/") + name), "ok\n");
      EXPECT_EQ(rights_of(folder_.file("theirs/") + name), "65534:65534 640");
    }
  }
  EXPECT_TRUE(
      has(run("load " + folder_.file("theirs/out")), " belongs to user 65534"));
}

}  // namespace
}  // namespace stogger
