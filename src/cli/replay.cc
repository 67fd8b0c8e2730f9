#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/quote.h"
#include "base/uuid.h"
#include "cli/commands.h"
#include "cli/own_types.h"
#include "cli/print.h"
#include "config/config.h"
#include "deliver/route.h"
#include "event/field_record.h"
#include "os/folder.h"
#include "spool/queue_id.h"
#include "spool/ring.h"
#include "spool/spool_reader.h"

namespace stogger {
namespace {

using std::chrono::steady_clock;

// A folder for the queue that the sink has besides the one that is replayed,
// and that stays empty.
class PassingFolder {
 public:
  PassingFolder()
      : path_(std::filesystem::temp_directory_path().string() +
              "/stogger-replay-" + uuid_text(make_queue_id())) {}
  ~PassingFolder() {
    Folder parent;
    Folder own;
    if (!parent.open(path_, {}, false).ok()) return;
    if (own.open(path_ + "/any", {}, false).ok()) {
      for (const std::string& name : own.names()) {
        static_cast<void>(own.remove_folder(name));
      }
    }
    static_cast<void>(parent.remove_folder(parent.name()));
  }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;

  const std::string& path() const noexcept { return path_; }

 private:
  const std::string path_;
};

// Prints what is wrong with the file, or that it has no such sink.
bool find_sink(const std::string& file, const std::string& name,
               BuiltSink* found) {
  std::vector<Problem> problems;
  const Config config = read_config_file(file, FileUse::obey, &problems);
  add_own_types(config, &problems);
  std::vector<BuiltSink> sinks = build_sinks(config, Clock::real(), &problems);
  bool is_right = true;
  for (const Problem& problem : problems) {
    is_right = is_right && problem.warning;
    print(to_line(problem) + "\n", stderr);
  }
  if (!is_right) return false;
  for (BuiltSink& sink : sinks) {
    if (sink.name != name) continue;
    *found = std::move(sink);
    return true;
  }
  print_line(file + ": there is no sink " + quoted(name), stderr);
  return false;
}

// What is left of the queue, and why it cannot be delivered.
struct Rest {
  int result = kExitOk;
  std::uint64_t events = 0;
};

Rest look_at_queue(const std::string& path, const std::string& ring_dir) {
  Rest rest;
  SpoolReader queue(ring_dir);
  const Status status = queue.open(path);
  if (!status.ok()) {
    print_line(status.message(), stderr);
    rest.result = status.code() == Code::invalid ? kExitData : kExitUnavailable;
  } else if (queue.owner_text() != OwnerText::read) {
    print_line(
        quoted(path) + (queue.owner_text() == OwnerText::newer
                            ? " was made by a later version of stogger"
                            : ": the lock file does not say whose queue it is"),
        stderr);
    rest.result = kExitData;
  } else if (queue.is_in_use()) {
    print_line(quoted(path) + " is in use; its program delivers it", stderr);
    rest.result = kExitFailed;
  }
  QueueRecord record;
  std::string problem;
  while (rest.result == kExitOk && queue.next(&record, &problem)) {
    ++rest.events;
    if (record_start(record.bytes).kind != RecordKind::sample) continue;
    print_line(quoted(path) +
                   " has samples, which the next pipe of its program delivers",
               stderr);
    rest.result = kExitData;
  }
  return rest;
}

// Until there is nothing left, or the target fails for as long as the end of a
// program would wait for it.
void deliver(Route& route, std::chrono::milliseconds longest_failure) {
  constexpr std::chrono::milliseconds kBetweenLooks(5);
  auto worked = steady_clock::now();
  while (route.is_behind()) {
    const auto now = steady_clock::now();
    if (!route.outlet().is_failing()) worked = now;
    if (now - worked >= longest_failure) break;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

bool exists(const std::string& path) {
  Folder folder;
  return !folder.open(path, {}, false).ok() || folder.exists(folder.name());
}

void print_counters(const SinkStats& stats, std::uint64_t left) {
  print_line("written=" + std::to_string(stats.written) +
             " dead_lettered=" + std::to_string(stats.dead_lettered) +
             " dropped=" + std::to_string(stats.dropped) + " in_doubt=" +
             std::to_string(stats.in_doubt) + " left=" + std::to_string(left));
}

}  // namespace

int replay_queue(const std::string& file, const std::string& sink,
                 const std::string& queue, const std::string& ring_dir) {
  BuiltSink built;
  if (!find_sink(file, sink, &built)) return kExitConfig;
  if (const Rest all = look_at_queue(queue, ring_dir); all.result != kExitOk) {
    return all.result;
  }
  const PassingFolder own;
  DeliverySettings settings = built.delivery;
  settings.delivery = Delivery::durable;
  settings.queue_bytes = Ring::kLeastCapacity;
  settings.spool.spool_dir = own.path();
  settings.spool.ring_dir = ring_dir;
  settings.spool.replayed = queue;
  Route route({built.name, built.type, built.hidden}, std::move(built.sink),
              Clock::real(), nullptr, std::move(built.dead_letter), settings);
  route.start();
  deliver(route, settings.longest_drain);
  // What could be delivered is: there is nothing more to wait for.
  const Status closed =
      route.close(steady_clock::now() - settings.longest_drain);

  Rest rest;
  const bool is_there = exists(queue);
  if (is_there) rest = look_at_queue(queue, ring_dir);
  const SinkStats stats = route.stats();
  print_counters(stats, rest.events);
  if (rest.events != 0 || !closed.ok()) return kExitUnavailable;
  if (is_there) {
    print_line(quoted(queue) + " stays: a part of it cannot be read", stderr);
  }
  return is_there || stats.dropped + stats.in_doubt != 0 ? kExitFailed
                                                         : kExitOk;
}

}  // namespace stogger
