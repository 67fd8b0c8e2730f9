#include "module/loader.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "module/modules.h"

namespace stogger {
namespace {

class LoaderTest : public ModuleTest {
 protected:
  // What is said of a module, less the path of its folder.
  std::string reason(std::string_view type) {
    const ModuleSearch search = load_module(type);
    EXPECT_EQ(search.module, nullptr);
    EXPECT_EQ(search.status.code(), Code::unavailable);
    std::string text(search.status.message());
    for (const std::string folder : {TEST_MODULE_FOLDER "/"}) {
      for (std::size_t at; (at = text.find(folder)) != std::string::npos;) {
        text.erase(at, folder.size());
      }
    }
    return text;
  }
};

TEST_F(LoaderTest, ModuleIsLoadedOnce) {
  const ModuleSearch first = load_module("probe");
  ASSERT_NE(first.module, nullptr) << first.status.message();
  EXPECT_TRUE(first.exists);
  EXPECT_TRUE(first.status.ok());
  EXPECT_EQ(first.module->abi, STOGGER_MODULE_ABI);
  look_in("/nowhere");
  EXPECT_EQ(load_module("probe").module, first.module);
}

TEST_F(LoaderTest, ThreadsMayLoadAtOnce) {
  install("crowd");
  look_in(folder_.path());
  std::vector<const stogger_module*> found(8);
  std::vector<std::thread> threads;
  for (const stogger_module*& module : found) {
    threads.emplace_back([&module] { module = load_module("crowd").module; });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_NE(found[0], nullptr);
  for (const stogger_module* module : found) EXPECT_EQ(module, found[0]);
}

TEST_F(LoaderTest, AbsentModuleNamesItsPackageAndWhereItWasLookedFor) {
  look_in("/no/such/folder:/etc/passwd");
  const ModuleSearch search = load_module("parquet");
  EXPECT_FALSE(search.exists);
  EXPECT_TRUE(search.status.message().starts_with(
      "the package stogger-parquet is not installed: there is no "
      "stogger_parquet.so in /no/such/folder, /etc/passwd, "))
      << search.status.message();
}

TEST_F(LoaderTest, FoldersAreSearchedInTheirOrder) {
  look_in("/a:/b/c:/a");
  const Lines folders = module_folders();
  ASSERT_GE(folders.size(), 3u);
  EXPECT_EQ(folders[0], "/a");
  EXPECT_EQ(folders[1], "/b/c");
  EXPECT_EQ(std::count(folders.begin(), folders.end(), "/a"), 1);
  EXPECT_EQ(folders.back(), kNothingInstalled);

  install("order");
  const TempFolder first;
  write_file(first.file("stogger_order.so"), "not this one");
  look_in(first.path() + ":" + folder_.path());
  EXPECT_EQ(load_module("order").module, nullptr);
  look_in(folder_.path() + ":" + first.path());
  EXPECT_NE(load_module("order").module, nullptr);
}

TEST_F(LoaderTest, TheFolderOfTheInstallationIsSearched) {
  install("installed");
  static_cast<void>(set_installation_folder(folder_.path()));
  look_in("");
  EXPECT_NE(load_module("installed").module, nullptr);
  static_cast<void>(set_installation_folder(kNothingInstalled));
}

TEST_F(LoaderTest, WorkingDirectoryIsNeverSearched) {
  install("here");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  for (const char* path : {"", ":", ".", "./", "..:.", "stogger"}) {
    look_in(path);
    for (const std::string& folder : module_folders()) {
      EXPECT_TRUE(folder.starts_with('/')) << folder;
    }
    EXPECT_FALSE(load_module("here").exists) << path;
  }
  std::filesystem::current_path(before);
}

TEST_F(LoaderTest, NameThatIsNoNameIsNotLookedFor) {
  install("Upper");
  look_in(folder_.path());
  EXPECT_FALSE(load_module("Upper").exists);
  for (const char* type :
       {"", "../module/stogger_probe", "9", "_x", "a b", "a-b", "a.b", "é"}) {
    EXPECT_FALSE(load_module(type).exists) << type;
    EXPECT_TRUE(load_module(type).status.message().starts_with(
        "no module can have the name \""))
        << type;
  }
  EXPECT_FALSE(load_module(std::string(65, 'a')).exists);
}

TEST_F(LoaderTest, EachBrokenModuleGivesOneClearReason) {
  constexpr std::string_view kAgain =
      "; install the module again, and what it depends on";
  EXPECT_EQ(reason("broken_abi"),
            "stogger_broken_abi.so was built for version 7 of the interface of "
            "modules, and this program for version " +
                std::to_string(STOGGER_MODULE_ABI) +
                "; install the module and stogger in the same version, then "
                "start the program again");
  EXPECT_EQ(reason("broken_no_entry"),
            "stogger_broken_no_entry.so is no module of stogger: it has no "
            "stogger_module_entry()" +
                std::string(kAgain));
  EXPECT_EQ(reason("broken_null_entry"),
            "stogger_broken_null_entry.so is no module of stogger: "
            "stogger_module_entry() gives nothing" +
                std::string(kAgain));
  for (const std::string type : {"broken_small", "broken_method"}) {
    EXPECT_EQ(reason(type), "stogger_" + type +
                                ".so is an incomplete module of stogger" +
                                std::string(kAgain));
  }
}

TEST_F(LoaderTest, CorruptFileIsNotLoaded) {
  look_in(folder_.path());
  const auto tell = [](std::string_view type) {
    const ModuleSearch search = load_module(type);
    EXPECT_TRUE(search.exists);
    EXPECT_EQ(search.module, nullptr);
    return std::string(search.status.message());
  };
  const std::string path = folder_.file("stogger_corrupt.so");
  const auto expect_refused = [&](const std::string& why) {
    const std::string text = tell("corrupt");
    EXPECT_TRUE(text.starts_with("cannot load " + path + ": " + why)) << text;
    EXPECT_TRUE(
        text.ends_with("; install the module again, and what it depends on"))
        << text;
    EXPECT_EQ(text.find(path, 15), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  };
  for (const std::string& bytes :
       {std::string(), std::string("text"), std::string(5000, 'x')}) {
    write_file(path, bytes);
    expect_refused("");
  }
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  expect_refused("it is no regular file");
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  expect_refused("it is no regular file");
}

// The dynamic linker itself would crash.
TEST_F(LoaderTest, FileWhoseEndIsMissingIsNotLoaded) {
  const std::string whole = read_file(built("probe"));
  const std::string path = folder_.file("stogger_torn.so");
  look_in(folder_.path());
  const std::string refusal = "cannot load " + path + ": its end is missing";
  ASSERT_GT(whole.size(), 10000u);
  // The last 64 bytes are the last entry of the table.
  const std::size_t end = whole.size() - 64;
  for (std::size_t size = 1; size <= end; size += end / 37) {
    write_file(path, whole.substr(0, size));
    const ModuleSearch cut = load_module("torn");
    EXPECT_EQ(cut.module, nullptr) << size;
    if (size < 1000) continue;  // refused by the dynamic linker
    EXPECT_TRUE(cut.status.message().starts_with(refusal)) << size;
    std::string zeroed = whole;
    std::fill(zeroed.begin() + static_cast<std::ptrdiff_t>(size), zeroed.end(),
              '\0');
    write_file(path, zeroed);
    EXPECT_TRUE(load_module("torn").status.message().starts_with(refusal))
        << size;
  }
  write_file(path, whole);
  EXPECT_NE(load_module("torn").module, nullptr);
}

// As sshd does with keys: a module is code.
TEST_F(LoaderTest, RootLoadsNothingThatOthersMayWrite) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make files of other users";
  }
  install("foreign");
  look_in(folder_.path());
  const std::string path = folder_.file("stogger_foreign.so");
  const auto expect_refused = [&](const std::string& why) {
    const ModuleSearch search = load_module("foreign");
    EXPECT_TRUE(search.exists);
    EXPECT_EQ(search.module, nullptr);
    EXPECT_EQ(search.status.code(), Code::unavailable);
    EXPECT_EQ(search.status.message(), "refused to load " + path + ": " + why);
  };
  ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
  expect_refused(path +
                 " belongs to user 65534; root obeys only what nobody else can "
                 "change: chown root " +
                 path);
  ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  expect_refused(path +
                 " can be written by others; root obeys only what nobody else "
                 "can change: chmod go-w " +
                 path);
  ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 01777), 0);
  expect_refused(folder_.path() +
                 " can be written by others; root obeys only what nobody else "
                 "can change: move the file to a folder that only root may "
                 "write to");
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  EXPECT_NE(load_module("foreign").module, nullptr);
}

TEST_F(LoaderTest, OtherUsersLoadNothingThatEverybodyMayWrite) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can make files of other users";
  }
  install("shared");
  look_in(folder_.path());
  const std::string path = folder_.file("stogger_shared.so");
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  const auto message = [&] {
    EXPECT_EQ(::seteuid(65534), 0);
    const ModuleSearch search = load_module("shared");
    EXPECT_EQ(::seteuid(0), 0);
    return std::string(search.status.message());
  };
  ASSERT_EQ(::chmod(path.c_str(), 0777), 0);
  EXPECT_EQ(message(),
            "refused to load " + path + ": " + path +
                " can be written by others; a program obeys only what not "
                "everybody can change: chmod o-w " +
                path);
  ASSERT_EQ(::chmod(path.c_str(), 0775), 0);
  ASSERT_EQ(::chown(path.c_str(), 7, 7), 0);
  EXPECT_EQ(message(), "");
}

TEST_F(LoaderTest, MissingLibraryIsNamed) {
  // What the probe needs becomes something that no machine has.
  std::string bytes = read_file(built("probe"));
  const std::size_t at = bytes.find("libstdc++.so.6");
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 6, "libnon");
  write_file(folder_.file("stogger_lonely.so"), bytes);
  look_in(folder_.path());
  const std::string text(load_module("lonely").status.message());
  EXPECT_NE(text.find("libnonc++.so.6: cannot open shared object file"),
            std::string::npos)
      << text;
}

TEST_F(LoaderTest, ModuleThatBecomesRightIsFound) {
  look_in(folder_.path());
  EXPECT_FALSE(load_module("late").exists);
  write_file(folder_.file("stogger_late.so"), "half written");
  EXPECT_TRUE(load_module("late").exists);
  EXPECT_EQ(load_module("late").module, nullptr);
  install("late");
  EXPECT_NE(load_module("late").module, nullptr);
}

TEST_F(LoaderTest, ModuleExportsItsEntryOnly) {
  ASSERT_NE(load_module("probe").module, nullptr);
  void* const library =
      ::dlopen(built("probe").c_str(), RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(library, nullptr);
  EXPECT_NE(::dlsym(library, STOGGER_MODULE_ENTRY), nullptr);
  // stogger::Status::destroy() and stogger::make_probe_sink(), of which the
  // former is visible in the library.
  for (const char* name :
       {"_ZN7stogger6Status7destroyEPNS0_3RepE",
        "_ZN7stogger15make_probe_sinkERNS_7OptionsEPNS_7SinkPtrE"}) {
    EXPECT_EQ(::dlsym(library, name), nullptr) << name;
  }
}

}  // namespace
}  // namespace stogger
