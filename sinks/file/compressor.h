// Compressor: the one thread of the process that sees to the compression of old
// files, and a thread of the lowest priority for each file, one at a time,
// which does nothing but compress. What a busy machine keeps from running must
// not hold locks that the log needs.
//
// They take no signals, and are there only while there is something to do. A
// program does not wait for them at its end: what is left is done after the
// next start.
#pragma once

#include <memory>

#include "os/process.h"
#include "sinks/file/compression_job.h"

namespace stogger {

class Compressor final : public ProcessObject {
 public:
  // Never destroyed.
  static Compressor& instance();

  // Does what there is to do for the job. Without memory it is not done.
  void request(const std::shared_ptr<CompressionJob>& job) noexcept;

  // In a child, files are the parent's to compress.
  void before_fork() noexcept override;
  void after_fork_in_parent() noexcept override;
  bool after_fork_in_child() noexcept override;

 private:
  struct State;

  Compressor();
  static void run(State& state) noexcept;
  static CompressionJob::Next step(CompressionJob& job, Time now,
                                   Time* when) noexcept;

  State* state_;
};

}  // namespace stogger
