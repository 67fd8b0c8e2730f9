#include "module/registry.h"

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "base/options.h"
#include "base/quote.h"
#include "base/utf8.h"
#include "module/host/module_sink.h"
#include "module/known_types.h"
#include "module/loader.h"
#include "os/process.h"
#include "os/program_name.h"

namespace stogger {
namespace {

// A child must not find it locked.
struct Registry final : private ProcessObject {
  Registry() {
    process_objects(ProcessPart::types).add(*this);
    for (const KnownType& type : known_types()) {
      if (type.factory != nullptr) factories.emplace(type.name, type.factory);
    }
  }

  void before_fork() noexcept override { mutex.lock(); }
  void after_fork_in_parent() noexcept override { mutex.unlock(); }
  bool after_fork_in_child() noexcept override {
    mutex.unlock();
    return true;
  }

  std::mutex mutex;
  std::map<std::string, SinkFactory, std::less<>> factories;
};

// Never destroyed: static objects of the program may log until the very end.
Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

// `absence`: that there is no module of the name, either.
Status unknown_type(std::string_view name, const std::string& absence) {
  const std::vector<std::string> known = sink_types();
  std::vector<std::string> near = known;
  for (const KnownType& type : known_types()) {
    if (std::find(near.begin(), near.end(), type.name) == near.end()) {
      near.emplace_back(type.name);
    }
  }
  std::string text = "unknown sink type " + quoted(name) +
                     did_you_mean(name, near) + "; there are " +
                     quoted_list(known, "and");
  if (!absence.empty()) {
    text += ", and " + absence + " (STOGGER_MODULE_PATH names more folders)";
  }
  return Status(Code::invalid, text);
}

SinkFactory find_factory(std::string_view name) {
  Registry& known = registry();
  const std::lock_guard lock(known.mutex);
  const auto found = known.factories.find(name);
  return found == known.factories.end() ? nullptr : found->second;
}

Status call_factory(SinkFactory factory, Options& options, SinkPtr* sink) {
  SinkPtr made;
  if (Status status = factory(options, &made); !status.ok()) return status;
  if (Status status = options.finish(); !status.ok()) return status;
  if (!made) return Status(Code::internal, "its factory made no sink");
  *sink = std::move(made);
  return {};
}

// Stands for a sink whose module cannot be loaded, so that its events are
// counted. Not Code::unavailable: nothing is tried again before another init().
class MissingSink final : public Sink {
 public:
  explicit MissingSink(const Status& why) : why_(Code::config, why.message()) {}

  Status open() override { return why_; }
  Status check(CheckFindings&) override { return why_; }
  Status write(const RowBatch&, WriteReport&) override { return why_; }

 private:
  const Status why_;
};

Status check_type(std::string_view type, SinkFactory factory) {
  if (type.empty() || !is_clean_text(type)) {
    return Status(Code::invalid,
                  "register_sink: a type needs a name in valid UTF-8");
  }
  if (factory == nullptr) {
    return Status(Code::invalid,
                  "register_sink: the factory of " + quoted(type) + " is null");
  }
  return {};
}

}  // namespace

Status find_sink_type(std::string_view name, SinkType* type) {
  *type = SinkType();
  type->name = name;
  type->factory = find_factory(name);
  if (type->factory != nullptr) return {};
  ModuleSearch search = load_module(name);
  if (!search.exists && find_known_type(name) == nullptr) {
    return unknown_type(name, search.absence);
  }
  type->module = search.module;
  type->missing = std::move(search.status);
  return {};
}

Status make_sink(const SinkType& type, Options& options,
                 SinkPtr* sink) noexcept {
  try {
    if (type.factory != nullptr) {
      return call_factory(type.factory, options, sink);
    }
    if (type.module != nullptr) {
      return make_module_sink(type.name, *type.module, options, sink);
    }
    OptionsAccess::take_all(options);
    sink->reset(new MissingSink(type.missing));
    return {};
  } catch (const std::exception& e) {
    return Status(Code::internal, e.what());
  } catch (...) {
    return Status(Code::internal, "its factory threw an exception");
  }
}

std::vector<std::string> sink_types() {
  std::vector<std::string> types;
  Registry& known = registry();
  const std::lock_guard lock(known.mutex);
  for (const auto& [type, factory] : known.factories) types.push_back(type);
  return types;
}

Status register_sink(std::string_view type, SinkFactory factory) noexcept {
  try {
    if (Status status = check_type(type, factory); !status.ok()) return status;
    Registry& known = registry();
    const std::lock_guard lock(known.mutex);
    if (!known.factories.emplace(type, factory).second) {
      return Status(Code::invalid, "register_sink: there is a sink type " +
                                       quoted(type) + " already");
    }
    return {};
  } catch (const std::exception& e) {
    return Status(Code::internal, e.what());
  }
}

Status make_sink(std::string_view name, Fields options,
                 SinkPtr* sink) noexcept {
  try {
    SinkType type;
    if (Status status = find_sink_type(name, &type); !status.ok()) {
      return status;
    }
    // Who makes a sink in code can see that it failed, and wants it now.
    if (!type.missing.ok()) return type.missing;
    Options read(name, options);
    OptionsAccess::set_identifier(read, program_name());
    return make_sink(type, read, sink);
  } catch (const std::exception& e) {
    return Status(Code::internal, e.what());
  }
}

}  // namespace stogger
