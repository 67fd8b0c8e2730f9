// Compressor: the one thread of the process that compresses old files.
//
// It has the lowest priority, takes no signals, and is there only while there
// is something to do. A program does not wait for it at its end: what is left
// is done after the next start.
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

  State* state_;
};

}  // namespace stogger
