#include "sample/settle.h"

#include <memory>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/settled.h"

namespace stogger {

struct SettledSample::Memory {
  Arena arena;
  std::vector<Field> fields;
};

SettledSample::~SettledSample() { delete memory_; }

void SettledSample::settle(const Sample& sample) {
  auto memory = std::make_unique<Memory>();
  Buffer scratch;
  for (const Field& field : sample.fields) {
    memory->fields.emplace_back(field.key,
                                settled(field.value, memory->arena, scratch));
  }
  memory_ = memory.release();
  copy_ = sample;
  copy_.fields = memory_->fields;
  sample_ = &copy_;
}

}  // namespace stogger
