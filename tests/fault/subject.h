// What the tests of faults are about: a sink of each kind, with a target that
// can be read back.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "stogger/sink.h"

namespace stogger {

class Subject {
 public:
  virtual ~Subject() = default;
  // The sink, not open yet.
  virtual SinkPtr make() = 0;
  // The names of the events in the target, in order. Fails if anything in it is
  // not whole. Called when the sink is closed.
  virtual std::vector<std::string> names() = 0;
  // Waits until the target has taken what it was sent.
  virtual void settle() {}
  // Files that should not be there when all is over.
  virtual std::vector<std::string> leftovers() { return {}; }
  // True if there are ways of its own for large events.
  virtual bool logs_large_event() const { return false; }
};

using MakeSubject = std::unique_ptr<Subject> (*)();

struct SubjectKind {
  const char* name;
  MakeSubject make;
  friend std::ostream& operator<<(std::ostream& out, const SubjectKind& kind) {
    return out << kind.name;
  }
};

// All kinds.
const std::vector<SubjectKind>& subjects();

// Those that write to a file, which may be in a folder given.
struct FileKind {
  const char* name;
  std::unique_ptr<Subject> (*make)(const std::string& path);
  friend std::ostream& operator<<(std::ostream& out, const FileKind& kind) {
    return out << kind.name;
  }
};

const std::vector<FileKind>& file_kinds();

}  // namespace stogger
