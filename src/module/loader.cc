#include "module/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/quote.h"
#include "module/known_types.h"
#include "os/trust.h"

namespace stogger {
namespace {

// Modules that are loaded, as a list that only grows. No lock: a thread may
// fork while another one loads, and its child may load modules too. Two threads
// that load a module at once get the same one from the dynamic linker.
struct Loaded {
  std::string type;
  const stogger_module* module;
  const Loaded* next;
};
std::atomic<const Loaded*> loaded{nullptr};

const stogger_module* find_loaded(std::string_view type) noexcept {
  for (const Loaded* one = loaded.load(std::memory_order_acquire);
       one != nullptr; one = one->next) {
    if (one->type == type) return one->module;
  }
  return nullptr;
}

void keep(std::string_view type, const stogger_module* module) {
  auto* one = new Loaded{std::string(type), module, loaded.load()};
  while (!loaded.compare_exchange_weak(one->next, one)) {
  }
}

std::vector<std::string>& added_folders() {
  static auto* const folders = new std::vector<std::string>;
  return *folders;
}

std::string& installation_folder() {
  static auto* const folder = new std::string(STOGGER_MODULE_FOLDER);
  return *folder;
}

bool is_module_name(std::string_view type) noexcept {
  constexpr std::size_t kLongest = 64;
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !type.empty() && type.size() <= kLongest && is_letter(type[0]) &&
         std::all_of(type.begin(), type.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
         });
}

void add_folder(std::vector<std::string>& folders, std::string_view folder) {
  // What is relative depends on the working directory, where anyone may have
  // put something.
  if (!folder.starts_with('/')) return;
  if (std::find(folders.begin(), folders.end(), folder) != folders.end()) {
    return;
  }
  folders.emplace_back(folder);
}

// The folder that the shared library with this code is in; empty if the code is
// part of the program.
std::string library_folder() {
  static const char anchor = 0;
  Dl_info info;
  if (::dladdr(&anchor, &info) == 0 || info.dli_fname == nullptr) return {};
  const std::string_view path = info.dli_fname;
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos ||
      !path.substr(slash + 1).starts_with("libstogger.so")) {
    return {};
  }
  return std::string(path.substr(0, slash + 1)) + "stogger";
}

bool is_there(const std::string& path) noexcept {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ||
         (errno != ENOENT && errno != ENOTDIR);
}

std::string package_to_install(std::string_view type) {
  const KnownType* known = find_known_type(type);
  return known == nullptr || known->package.empty()
             ? "the module"
             : "the package " + std::string(known->package);
}

// A command to copy, where there is a package.
std::string how_to_install(std::string_view type) {
  const KnownType* known = find_known_type(type);
  return known == nullptr || known->package.empty()
             ? "install it"
             : "apt install " + std::string(known->package);
}

Status broken(std::string_view type, const std::string& what) {
  return Status(Code::unavailable, what + "; install " +
                                       package_to_install(type) +
                                       " again, and what it depends on");
}

bool is_complete(const stogger_sink_methods& methods) noexcept {
  return methods.size >= STOGGER_SINK_METHODS_FIRST_SIZE &&
         methods.open != nullptr && methods.check != nullptr &&
         methods.write != nullptr && methods.flush != nullptr &&
         methods.close != nullptr && methods.abandon != nullptr &&
         methods.recovered != nullptr && methods.form != nullptr &&
         methods.columns != nullptr && methods.tally != nullptr &&
         methods.target != nullptr && methods.destroy != nullptr;
}

bool is_complete(const stogger_module& module) noexcept {
  return module.size >= STOGGER_MODULE_FIRST_SIZE &&
         module.make_sink != nullptr && module.methods != nullptr &&
         is_complete(*module.methods);
}

Status check(std::string_view type, const std::string& path,
             const stogger_module* module) {
  if (module == nullptr) {
    return broken(type, path + " is no module of stogger: " +
                            STOGGER_MODULE_ENTRY + "() gives nothing");
  }
  if (module->abi != STOGGER_MODULE_ABI) {
    return Status(Code::unavailable,
                  path + " was built for version " +
                      std::to_string(module->abi) +
                      " of the interface of modules, and this program for "
                      "version " +
                      std::to_string(STOGGER_MODULE_ABI) + "; install " +
                      package_to_install(type) +
                      " and stogger in the same version, then start the "
                      "program again");
  }
  if (!is_complete(*module)) {
    return broken(type, path + " is an incomplete module of stogger");
  }
  return {};
}

template <class Item>
bool read_at(int descriptor, std::uint64_t offset, Item* item) noexcept {
  return ::pread(descriptor, item, sizeof(*item), static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(sizeof(*item));
}

// True if the end of a shared object was cut off or never written, as by a full
// disk or a power failure: the dynamic linker would crash the program over it.
// Linkers put the table of sections last, so its last entry shows that. What is
// no shared object for this machine is refused by the dynamic linker.
bool is_end_missing(int descriptor) noexcept {
  ElfW(Ehdr) header;
  if (!read_at(descriptor, 0, &header) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_shnum == 0 || header.e_shentsize != sizeof(ElfW(Shdr))) {
    return false;
  }
  ElfW(Shdr) last;
  return !read_at(descriptor,
                  header.e_shoff + (header.e_shnum - 1u) * sizeof(last),
                  &last) ||
         last.sh_type == SHT_NULL;
}

// Looks at a module before it is loaded. Whoever could replace it after that
// would have been found here.
Status inspect(std::string_view type, const std::string& path) {
  struct Closer {
    const int descriptor;
    ~Closer() {
      if (descriptor >= 0) ::close(descriptor);
    }
  };
  const Closer file{
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (file.descriptor < 0) return {};  // as the dynamic linker will tell
  struct stat status;
  // Loading a FIFO would wait for a writer.
  if (::fstat(file.descriptor, &status) == 0 && !S_ISREG(status.st_mode)) {
    return broken(type, "cannot load " + path + ": it is no regular file");
  }
  if (is_end_missing(file.descriptor)) {
    return broken(type, "cannot load " + path + ": its end is missing");
  }
  const std::string fault = why_untrusted(path, file.descriptor);
  if (fault.empty()) return {};
  return Status(Code::unavailable,
                "refused to load " + path + ": " + printable(fault));
}

// What is loaded is never unloaded, not even if it turns out to be of no use:
// libraries that it brought along (OpenSSL, for one) do not survive that.
Status load_file(std::string_view type, const std::string& path,
                 const stogger_module** module) {
  if (Status status = inspect(type, path); !status.ok()) return status;
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* error = ::dlerror();
    std::string_view why = error == nullptr ? "unknown reason" : error;
    if (why.starts_with(path + ": ")) why.remove_prefix(path.size() + 2);
    return broken(type, "cannot load " + path + ": " + printable(why));
  }
  const auto entry = reinterpret_cast<stogger_module_entry_function>(
      ::dlsym(library, STOGGER_MODULE_ENTRY));
  if (entry == nullptr) {
    return broken(type, path + " is no module of stogger: it has no " +
                            STOGGER_MODULE_ENTRY + "()");
  }
  const stogger_module* const found = entry();
  if (Status status = check(type, path, found); !status.ok()) return status;
  *module = found;
  return {};
}

std::string absence(const std::string& file,
                    const std::vector<std::string>& folders) {
  std::string text = "there is no " + file + " in ";
  for (const std::string& folder : folders) {
    if (&folder != &folders.front()) text += ", ";
    text += printable(folder);
  }
  return text;
}

}  // namespace

ModuleSearch load_module(std::string_view type) {
  ModuleSearch search;
  if (!is_module_name(type)) {
    search.status = Status(Code::unavailable,
                           "no module can have the name " + quoted(type));
    return search;
  }
  search.module = find_loaded(type);
  search.exists = search.module != nullptr;
  if (search.exists) return search;
  const std::string file = "stogger_" + std::string(type) + ".so";
  const std::vector<std::string> folders = module_folders();
  for (const std::string& folder : folders) {
    const std::string path = folder + "/" + file;
    if (!is_there(path)) continue;
    search.exists = true;
    search.status = load_file(type, path, &search.module);
    if (search.module != nullptr) keep(type, search.module);
    return search;
  }
  search.absence = absence(file, folders);
  search.status = Status(
      Code::missing,
      package_to_install(type) + " is not installed: " + search.absence + "; " +
          how_to_install(type) + ", or name its folder in STOGGER_MODULE_PATH");
  return search;
}

std::vector<std::string> module_folders() {
  std::vector<std::string> folders;
  // Not for programs that run with more rights than who started them.
  const char* variable = ::secure_getenv("STOGGER_MODULE_PATH");
  std::string_view path = variable == nullptr ? "" : variable;
  while (!path.empty()) {
    const std::size_t colon = std::min(path.find(':'), path.size());
    add_folder(folders, path.substr(0, colon));
    path.remove_prefix(std::min(colon + 1, path.size()));
  }
  add_folder(folders, library_folder());
  add_folder(folders, installation_folder());
  for (const std::string& folder : added_folders()) {
    add_folder(folders, folder);
  }
  return folders;
}

std::string set_installation_folder(std::string folder) {
  return std::exchange(installation_folder(), std::move(folder));
}

void add_module_folder(std::string folder) {
  added_folders().push_back(std::move(folder));
}

}  // namespace stogger
