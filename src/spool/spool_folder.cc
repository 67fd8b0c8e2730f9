#include "spool/spool_folder.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <string_view>

#include "base/quote.h"
#include "base/uuid.h"
#include "os/descriptor.h"
#include "os/file.h"

namespace stogger {
namespace {

constexpr FileModes kModes = {0600, 0700};
constexpr std::string_view kOwnerMagic = "stogger spool ";
constexpr std::string_view kOwnerVersion = "1";
constexpr std::string_view kLock = "lock";
constexpr std::string_view kRing = "ring";
constexpr std::string_view kSegment = ".segment";
constexpr std::string_view kSegmentCopy = ".segment.copy";

// File systems of other machines: their locks and maps are not what a queue
// needs (linux/magic.h).
bool is_of_network(long type) noexcept {
  constexpr long kTypes[] = {0x6969,       // NFS
                             0xFF534D42,   // CIFS
                             0xFE534D42,   // SMB2
                             0x517B,       // SMB
                             0x00C36400,   // Ceph
                             0x01021997,   // 9P
                             0x47504653,   // GPFS
                             0x65735546,   // FUSE: SSHFS and others
                             0x5346414F};  // AFS
  return std::find(std::begin(kTypes), std::end(kTypes), type) !=
         std::end(kTypes);
}

Status check_file_system(const Folder& folder) {
  struct statfs info;
  if (::fstatfs(folder.descriptor(), &info) != 0 ||
      !is_of_network(static_cast<long>(info.f_type))) {
    return {};
  }
  return Status(Code::unavailable,
                quoted(folder.path_of("")) +
                    " is on a network file system; choose a folder on a disk "
                    "of this machine");
}

// The name of the folder of a sink, which may have any name itself.
std::string folder_name(std::string_view sink) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string name;
  for (const char c : sink) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                          (c == '.' && !name.empty());
    if (is_plain) {
      name += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    ((name += '%') += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
  return name;
}

// The rest of the line that begins with the name; false if it does not.
bool take_line(std::string_view* text, std::string_view name,
               std::string* value) {
  const std::size_t end = text->find('\n');
  if (end == text->npos || !text->starts_with(name)) return false;
  *value = text->substr(name.size(), end - name.size());
  text->remove_prefix(end + 1);
  return true;
}

std::string read_text(const Folder& folder, const std::string& name) {
  constexpr std::size_t kMost = 4096;
  int file = -1;
  int error = 0;
  if (!folder
           .open_file(name, O_RDONLY, Folder::Creation::never, 0, &file, &error)
           .ok()) {
    return {};
  }
  const Descriptor owned(file);
  std::string text(kMost, '\0');
  const ssize_t size = ::read(file, text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

Status write_text(const Folder& folder, const std::string& name,
                  const std::string& text) {
  int file = -1;
  int error = 0;
  Status status = folder.open_file(name, O_WRONLY, Folder::Creation::never, 0,
                                   &file, &error);
  if (!status.ok()) return status;
  const Descriptor owned(file);
  const ssize_t written = ::write(file, text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) return {};
  return Status(Code::unavailable,
                "cannot write " + quoted(folder.path_of(name)) + ": " +
                    error_advice(written < 0 ? errno : ENOSPC));
}

}  // namespace

std::string to_text(const SpoolOwner& owner) {
  std::string text(kOwnerMagic);
  (text += kOwnerVersion) += '\n';
  ((text += "program ") += owner.program) += '\n';
  ((text += "sink ") += owner.sink) += '\n';
  ((text += "type ") += owner.type) += '\n';
  ((text += "ring_dir ") += owner.ring_dir) += '\n';
  return text;
}

OwnerText read_owner(std::string_view text, SpoolOwner* owner) {
  std::string version;
  if (!take_line(&text, kOwnerMagic, &version)) return OwnerText::damaged;
  if (version != kOwnerVersion) {
    int number = 0;
    const char* const end = version.data() + version.size();
    const auto [rest, error] = std::from_chars(version.data(), end, number);
    return error == std::errc() && rest == end && number > 1
               ? OwnerText::newer
               : OwnerText::damaged;
  }
  return take_line(&text, "program ", &owner->program) &&
                 take_line(&text, "sink ", &owner->sink) &&
                 take_line(&text, "type ", &owner->type) &&
                 take_line(&text, "ring_dir ", &owner->ring_dir)
             ? OwnerText::read
             : OwnerText::damaged;
}

std::string SpoolFolder::ring_name() const {
  return ring_dir_.empty() ? std::string(kRing) : uuid_text(queue_) + ".ring";
}

std::string SpoolFolder::path_of(const std::string& sink,
                                 const QueueId& queue) const {
  return spool_dir_ + "/" + folder_name(sink) + "/" + uuid_text(queue);
}

Status SpoolFolder::open(const std::string& path, bool create) {
  path_ = path;
  if (!read_uuid(path.substr(path.rfind('/') + 1), queue_)) {
    return Status(Code::invalid,
                  quoted(path) + " is no queue: its name is no UUID");
  }
  Status status = folder_.open(path + "/" + std::string(kLock), kModes, create);
  return status.ok() ? open_ring_folder(create) : status;
}

Status SpoolFolder::open_ring_folder(bool create) {
  if (ring_dir_.empty()) return {};
  return ring_folder_.open(ring_dir_ + "/" + ring_name(), kModes, create);
}

Status SpoolFolder::create(const SpoolOwner& owner) {
  // Others that look for what is left may take a folder for that which is not
  // complete yet, and remove it.
  constexpr int kMostTries = 3;
  Status status;
  for (int i = 0; i < kMostTries; ++i) {
    bool is_ours = true;
    status = try_to_create(owner, &is_ours);
    if (status.ok() && is_ours) return status;
    remove();
    if (is_ours) break;
  }
  return status.ok() ? lock_.failure() : status;
}

Status SpoolFolder::try_to_create(const SpoolOwner& owner, bool* is_ours) {
  const std::string lock(kLock);
  Status status = open(path_of(owner.sink, make_queue_id()), true);
  if (status.ok()) status = check_file_system(folder_);
  if (status.ok()) status = check_file_system(ring_folder());
  if (!status.ok()) return status;
  status = lock_.open(folder_, lock, kModes.file);
  struct stat info;
  *is_ours = status.ok() ? lock_.lock() && lock_.is_at(folder_, lock)
                         : ::fstat(folder_.descriptor(), &info) == 0 &&
                               info.st_nlink != 0;
  if (!status.ok() || !*is_ours) return status;
  SpoolOwner complete = owner;
  complete.ring_dir = ring_dir_;
  return write_text(folder_, lock, to_text(complete));
}

SpoolFolder::Taken SpoolFolder::take_over_any(const std::string& path,
                                              SpoolOwner* owner) {
  const std::string lock(kLock);
  if (!open(path, false).ok()) return Taken::no;
  if (!folder_.exists(lock)) {
    remove_folder();
    return Taken::no;
  }
  if (!lock_.open_existing(folder_, lock).ok()) return Taken::no;
  if (lock_.try_lock() && lock_.is_at(folder_, lock)) {
    switch (this->owner(owner)) {
      case OwnerText::read:
        if (ring_dir_.empty()) ring_dir_ = owner->ring_dir;
        if (open_ring_folder(false).ok()) return Taken::yes;
        break;
      case OwnerText::newer:
        lock_.close();
        return Taken::newer;
      case OwnerText::damaged:
        // Who made it was killed before there was more than that.
        if (has_lock_alone()) {
          remove();
          return Taken::no;
        }
        lock_.close();
        return Taken::damaged;
    }
  }
  lock_.close();
  return Taken::no;
}

SpoolFolder::Taken SpoolFolder::take_over(const SpoolOwner& owner,
                                          const std::string& path) {
  SpoolOwner found;
  const Taken taken = take_over_any(path, &found);
  if (taken != Taken::yes || found.is_like(owner)) return taken;
  lock_.close();
  return Taken::no;
}

Status SpoolFolder::look_at(const std::string& path) {
  Status status = open(path, false);
  if (!status.ok()) return status;
  if (folder_.exists(std::string(kLock))) {
    SpoolOwner found;
    static_cast<void>(owner(&found));
    if (ring_dir_.empty()) ring_dir_ = found.ring_dir;
    return open_ring_folder(false);
  }
  return Status(Code::invalid, quoted(path) + " is no queue: it has no lock");
}

bool SpoolFolder::is_in_use() const {
  return LockFile::is_locked(folder_, std::string(kLock));
}

OwnerText SpoolFolder::owner(SpoolOwner* owner) const {
  return read_owner(read_text(folder_, std::string(kLock)), owner);
}

std::vector<QueueId> SpoolFolder::list(const std::string& sink) const {
  std::vector<QueueId> queues;
  Folder folder;
  const std::string any =
      spool_dir_ + "/" + folder_name(sink) + "/" + std::string(kLock);
  if (!folder.open(any, kModes, false).ok()) return queues;
  for (const std::string& name : folder.names()) {
    QueueId queue;
    if (read_uuid(name, queue)) queues.push_back(queue);
  }
  std::sort(queues.begin(), queues.end());
  return queues;
}

bool SpoolFolder::has_lock_alone() const {
  std::vector<std::string> names;
  return folder_.list(&names) == 0 && names.size() == 1;
}

void SpoolFolder::remove() noexcept {
  try {
    std::vector<std::string> names;
    if (!folder_.is_open() || folder_.list(&names) != 0) return lock_.close();
    // The ring knows what of the segments is acknowledged: it goes after them.
    for (const std::string& name : names) {
      // What could not be read is for people to look at.
      if (name.ends_with(kSegment) || name.ends_with(kSegmentCopy)) {
        static_cast<void>(folder_.remove(name));
      }
    }
    static_cast<void>(ring_folder().remove(ring_name()));
    // The lock comes last: whoever gets it finds that it has no name.
    if (has_lock_alone()) {
      static_cast<void>(folder_.remove(std::string(kLock)));
    }
    lock_.close();
    remove_folder();
  } catch (...) {
    lock_.close();  // without memory, an empty folder is left
  }
}

Status SpoolFolder::sync() const {
  Folder sink;
  Folder all;
  const bool is_synced =
      ::fdatasync(lock_.descriptor()) == 0 && folder_.sync() == 0 &&
      sink.open(path_, kModes, false).ok() && sink.sync() == 0 &&
      all.open(path_.substr(0, path_.rfind('/')), kModes, false).ok() &&
      all.sync() == 0;
  return is_synced ? Status()
                   : Status(Code::unavailable,
                            quoted(path_) + " may be gone after a power cut");
}

// Unless there is something in it.
void SpoolFolder::remove_folder() {
  Folder parent;
  if (parent.open(path_, kModes, false).ok()) {
    static_cast<void>(parent.remove_folder(uuid_text(queue_)));
  }
}

}  // namespace stogger
