#include "sample/settle.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/value_capture.h"

namespace stogger {

struct SettledSample::Memory {
  Arena arena;
  Buffer buffer;
  std::vector<Field> fields;

  Value settled(Value value) {
    if (value.kind() == Kind::custom) {
      value = ValueCapture::resolve(value, arena);
    }
    if (value.kind() != Kind::json) return value;
    std::uint32_t sanitized = 0;
    buffer.clear();
    if (!append_clean_json(buffer, value.text(), nullptr, nullptr,
                           &sanitized)) {
      return value.text();
    }
    return Json{arena.copy(buffer.view())};
  }
};

SettledSample::~SettledSample() { delete memory_; }

void SettledSample::settle(const Sample& sample) {
  auto memory = std::make_unique<Memory>();
  for (const Field& field : sample.fields) {
    memory->fields.emplace_back(field.key, memory->settled(field.value));
  }
  memory_ = memory.release();
  copy_ = sample;
  copy_.fields = memory_->fields;
  sample_ = &copy_;
}

}  // namespace stogger
