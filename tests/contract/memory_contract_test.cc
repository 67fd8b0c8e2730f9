#include "sinks/memory.h"
#include "tests/contract/sink_contract.h"

namespace stogger {
namespace {

class MemoryDriver final : public SinkDriver {
 public:
  SinkPtr make() override { return SinkPtr(new MemorySink); }
  std::vector<OwnedRow> read_back(Sink& sink) override {
    return static_cast<MemorySink&>(sink).rows();
  }
  void break_target() override {}
  void mend_target() override {}
  std::string_view unbreakable() const override {
    return "memory is always there";
  }
  bool outlives_sink() const override { return false; }
  std::string_view allocates() const override { return "rows are kept"; }
};

INSTANTIATE_TEST_SUITE_P(Memory, SinkContract,
                         ::testing::Values(make_driver<MemoryDriver>));

}  // namespace
}  // namespace stogger
