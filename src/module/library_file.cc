#include "module/library_file.h"

#include <elf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace stogger {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Entry = ElfW(Dyn);

constexpr unsigned char kClass = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr char kCutShort[] = "it is cut short";
constexpr char kDamaged[] = "it is damaged";

class Reader {
 public:
  explicit Reader(int descriptor) noexcept : descriptor_(descriptor) {}

  bool get_status(struct stat* status) const noexcept {
    return ::fstat(descriptor_, status) == 0;
  }

  bool read(std::uint64_t offset, void* to, std::size_t size) const noexcept {
    const ssize_t got =
        ::pread(descriptor_, to, size, static_cast<off_t>(offset));
    return got >= 0 && static_cast<std::size_t>(got) == size;
  }

  template <class Item>
  bool read_all(std::uint64_t offset, std::vector<Item>* items) const noexcept {
    return read(offset, items->data(), items->size() * sizeof(Item));
  }

 private:
  int descriptor_;
};

bool is_for_this_machine(const Header& header) noexcept {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == kClass &&
         header.e_phentsize == sizeof(Segment);
}

bool fits(const Segment& segment, std::uint64_t file_size) noexcept {
  return segment.p_offset <= file_size &&
         segment.p_filesz <= file_size - segment.p_offset;
}

// The tables without which the dynamic linker reads from nowhere.
bool has_tables(const std::vector<Entry>& entries) noexcept {
  bool names = false;
  bool symbols = false;
  bool hash = false;
  for (const Entry& entry : entries) {
    if (entry.d_tag == DT_NULL) break;
    const bool given = entry.d_un.d_ptr != 0;
    names = names || (entry.d_tag == DT_STRTAB && given);
    symbols = symbols || (entry.d_tag == DT_SYMTAB && given);
    hash = hash ||
           ((entry.d_tag == DT_HASH || entry.d_tag == DT_GNU_HASH) && given);
  }
  return names && symbols && hash;
}

}  // namespace

std::string damage_of_library(int descriptor) {
  const Reader file(descriptor);
  struct stat status;
  if (!file.get_status(&status)) return {};
  // Loading a FIFO would wait for a writer.
  if (!S_ISREG(status.st_mode)) return "it is no regular file";
  const auto size = static_cast<std::uint64_t>(status.st_size);

  Header header;
  if (!file.read(0, &header, sizeof(header)) || !is_for_this_machine(header)) {
    return {};
  }
  if (header.e_phoff > size ||
      header.e_phnum > (size - header.e_phoff) / sizeof(Segment)) {
    return kCutShort;
  }
  std::vector<Segment> segments(header.e_phnum);
  if (!file.read_all(header.e_phoff, &segments)) return kCutShort;
  bool has_dynamic = false;
  for (const Segment& segment : segments) {
    const bool used = segment.p_type == PT_LOAD || segment.p_type == PT_DYNAMIC;
    if (used && !fits(segment, size)) return kCutShort;
    if (segment.p_type != PT_DYNAMIC) continue;
    // A thousand of them would take a thousand times as long.
    if (has_dynamic) return kDamaged;
    has_dynamic = true;
    // That of a module has some dozen entries. A sparse file may say anything.
    constexpr std::uint64_t kLongest = 1 << 20;
    if (segment.p_filesz > kLongest) return kDamaged;
    std::vector<Entry> entries(segment.p_filesz / sizeof(Entry));
    if (!file.read_all(segment.p_offset, &entries) || !has_tables(entries)) {
      return kDamaged;
    }
  }
  return {};
}

}  // namespace stogger
