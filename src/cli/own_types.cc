#include "cli/own_types.h"

#include "base/hidden.h"
#include "base/options.h"
#include "base/quote.h"
#include "module/known_types.h"
#include "module/registry.h"
#include "stogger/sink.h"

namespace stogger {
namespace {

class OwnSink final : public Sink {
 public:
  Status open() override { return only_there(); }
  Status write(const RowBatch&, WriteReport&) override { return only_there(); }

 private:
  static Status only_there() {
    return Status(Code::config,
                  "its type is one that only its program registers");
  }
};

Status make_own_sink(Options& options, SinkPtr* sink) {
  OptionsAccess::take_all(options);
  sink->reset(new OwnSink);
  return {};
}

bool looks_like_slip(const std::string& type) {
  std::vector<std::string> known = sink_types();
  for (const KnownType& one : known_types()) known.emplace_back(one.name);
  return !did_you_mean(type, known).empty();
}

}  // namespace

Status add_own_type(const std::string& type) {
  return register_sink(type, make_own_sink);
}

void add_own_types(const Config& config, std::vector<Problem>* problems) {
  for (const SinkConfig& sink : config.sinks) {
    if (sink.type.empty() || looks_like_slip(sink.type)) continue;
    SinkType found;
    const Status status = find_sink_type(sink.type, &found);
    if (status.ok() || !add_own_type(sink.type).ok()) continue;
    problems->push_back(
        {config.file, sink.type_where,
         hide_values(sink.hidden, status.message()) +
             ". The sink is not checked; if its program registers the type, "
             "--known TYPE says so",
         true});
  }
}

}  // namespace stogger
