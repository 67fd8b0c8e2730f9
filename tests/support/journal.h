// Journal: a real systemd-journald for tests.
#pragma once

#include <sys/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_folder.h"

namespace stogger {

// Whatever can be had, in this order:
//   - a journald of its own, which sees folders of the test in place of /run,
//     in a mount namespace (needs root, or user namespaces);
//   - a journald in the usual place, if there is none (needs root);
//   - the one of the machine (needs root to read back).
class Journal {
 public:
  // Null, and the reason, if none can be had.
  static std::unique_ptr<Journal> start(std::string* why_not);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::string& socket() const { return socket_; }

  // False for the journald of the machine, to which the next four must not
  // happen.
  bool is_ours() const { return place_ != Place::machine; }
  void kill();
  void restart();
  void pause();
  void resume();

  // The entries of that SYSLOG_IDENTIFIER, oldest first, as journalctl shows
  // them: an object of fields each. All that was sent before is in there.
  std::vector<nlohmann::json> entries(std::string_view identifier);

 private:
  enum class Place { own_namespace, usual, machine };

  explicit Journal(Place place);
  // False, and *why, if it did not start.
  bool launch(std::string* why);
  void run_daemon() const;
  bool synchronize();
  std::string journalctl(std::string_view identifier);

  const Place place_;
  TempFolder folder_;
  std::string runtime_;  // the folder of its sockets
  std::string socket_;
  std::vector<std::string> created_;  // folders outside of folder_
  pid_t daemon_ = -1;
};

}  // namespace stogger
