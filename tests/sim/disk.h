// A model of a disk, under what the program writes to the real one: it has no
// room, fails, forgets what was not synced when the power is cut, and ends the
// process, as kill -9 does, in the middle of any system call that changes it.
//
// A file of which fdatasync() has failed does not get better by another one:
// the kernel takes what was to be written for written (Linux does so on ext4
// and XFS). It has to be written again.
//
// It stands in for functions of the C library on the thread that has one. Where
// the process ends, the thread goes on behind the call of run(): nothing of
// what was under way is cleaned up.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>

namespace stogger {

class SimDisk {
 public:
  // Of the folder that it is about. The random numbers decide everything.
  SimDisk(std::string folder, std::mt19937_64& random)
      : folder_(std::move(folder)), random_(random) {}
  virtual ~SimDisk() = default;
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  // Runs the body until it returns, or, after so many changes of the disk, the
  // process ends: then it is false. 0: it does not end.
  template <class Body>
  bool run(std::uint64_t changes_until_end, Body body) {
    left_ = changes_until_end;
    current_ = this;
    // What the body has made lives on: the process did not clean up either.
    if (_setjmp(end_) != 0) {
      current_ = nullptr;
      return false;
    }
    body();
    current_ = nullptr;
    return true;
  }

  // Every n-th change fails, on average; 0: none.
  void set_failures(std::uint64_t every) { fails_every_ = every; }
  std::uint64_t failures() const { return failures_; }
  // What was not synced is lost, or a part of it is, or it is there.
  void cut_power();

  // The calls, from disk.cc. Each says what to do instead: fail with that
  // errno, after so many bytes; 0: nothing.
  static SimDisk* current() noexcept { return current_; }
  int change();
  int write(std::size_t* bytes);
  void synced_file(int file);
  void failed_to_sync(int file);
  void synced_folder(int folder);
  [[noreturn]] virtual void end_now() {
    current_ = nullptr;
    std::longjmp(end_, 1);
  }

 protected:
  // Before each change.
  virtual void take_time() {}

 private:
  bool fails();

  static thread_local SimDisk* current_;

  std::string folder_;
  std::mt19937_64& random_;
  std::jmp_buf end_{};
  std::uint64_t left_ = 0;
  std::uint64_t fails_every_ = 0;
  std::uint64_t failures_ = 0;
  bool ends_ = false;
  // By inode: what was synced, and from where on the kernel gave up.
  std::map<std::uint64_t, std::uint64_t> synced_sizes_;
  std::map<std::uint64_t, std::uint64_t> given_up_from_;
  std::set<std::uint64_t> synced_names_;  // inodes
};

}  // namespace stogger
