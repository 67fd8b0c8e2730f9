// CompressionJob: compresses the old files of one log, PATH.1 to PATH.1.zst,
// piece by piece.
//
// A file is compressed to PATH.compressing, which then takes its name with the
// suffix; only after that the file itself is removed. So whenever a process is
// killed, each event is in a whole file, and who comes next begins
// PATH.compressing again. The lock of that file makes one of several processes
// do it.
//
// Files go on changing their names while they are compressed: which one the
// source has is looked up in the end, with the lock of rotation, PATH.lock. A
// source that has none any more was removed, and so is what was made of it.
//
// A process that has not noticed the rotation yet may write to the source. So
// only files are removed to which nothing was written for kQuiet: a writer that
// was late by less has its lines in what was compressed, and one that comes
// still later learns from UnconfirmedLines that the file is gone.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/buffer.h"
#include "os/descriptor.h"
#include "os/file.h"
#include "os/folder.h"
#include "os/lock_file.h"
#include "sinks/common/unconfirmed_lines.h"
#include "sinks/file/compression.h"
#include "sinks/file/old_files.h"
#include "stogger/status.h"
#include "stogger/value.h"

namespace stogger {

class CompressionJob {
 public:
  // Longer than UnconfirmedLines waits for the end of a file.
  static constexpr std::int64_t kQuiet =
      UnconfirmedLines::kPatience + 1000000000;

  CompressionJob(OldFiles old, Compression compression)
      : old_(old), compression_(compression) {}

  // Where the log is. Callable from any thread, as are the next two.
  void look_in(Folder folder);
  // What is wrong with compression, or right again, for
  // WriteReport::notice(). Each is there once.
  bool has_notice() const noexcept {
    return has_notice_.load(std::memory_order_relaxed);
  }
  std::string take_notice();

  enum class Next : unsigned char { now, later, done };
  // Does a piece of work, a few milliseconds long, and tells when there is more
  // to do: at once, at *when, or after the next look_in().
  Next step(Time now, Time* when) noexcept;
  // Whether the next step only compresses, for which nobody waits: other steps
  // hold locks that callers of the log may wait for.
  bool is_compressing() const noexcept { return source_ && !ended_; }

  // In a child after fork(), where it is not used any more: the parent has it.
  void leave_to_parent() noexcept;

 private:
  Status begin(Time now, Time* when, Next* next);
  Status open(const std::string& name, Next* next);
  Status encode(Next* next);
  Status write(std::string_view bytes, bool last);
  Status finish(Time now, Time* when, Next* next);
  Status replace(const struct stat& source, Next* next);
  std::string find_name(const struct stat& source) const;
  void discard() noexcept;
  void drop_target() noexcept;
  void close() noexcept;
  void fail(std::string_view why);
  void succeed();
  void notice(std::string text);
  std::string temporary() const { return folder_.name() + ".compressing"; }

  const OldFiles old_;
  const Compression compression_;
  Folder folder_;

  // While a file is compressed. Descriptors come and go while no process is
  // split off.
  Descriptor source_;
  LockFile target_;
  std::unique_ptr<StreamEncoder> encoder_;
  std::uint64_t read_ = 0;  // bytes of the source
  bool ended_ = false;      // all of these are in the target, as whole streams
  Buffer piece_;
  Buffer encoded_;
  std::uint64_t failures_ = 0;  // in a row

  std::mutex mutex_;
  Folder next_folder_;  // guarded by it, and so is the notice
  std::string notice_;
  std::atomic<bool> has_notice_{false};
};

}  // namespace stogger
