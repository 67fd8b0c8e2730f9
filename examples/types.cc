// What types of the standard library, and of one's own, become: text and JSON.
#include <stogger/log.h>
#include <stogger/std.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace shop {

enum class Priority { low = 1, high = 9 };

void write_value(stogger::ValueWriter& out, Priority priority) {
  out.set(static_cast<int>(priority));
}

enum class State { open, paid };

constexpr std::string_view name_of(State state) {
  return state == State::open ? "open" : "paid";
}

void write_value(stogger::ValueWriter& out, State state) {
  out.set(name_of(state));
}

struct Position {
  std::string article;
  int count;
};

void write_value(stogger::ValueWriter& out, const Position& position) {
  out.append_json("{\"article\":");
  out.append_json_value(position.article);
  out.append_json(",\"count\":");
  out.append_json_value(position.count);
  out.append_json("}");
}

}  // namespace shop

int main() {
  const stogger::Status status = stogger::init_text(R"([stogger.sinks.people]
type = "console"
stream = "stdout"

[stogger.sinks.programs]
type = "console"
stream = "stdout"
format = "json"
)");
  if (!status.ok()) return 1;

  const std::vector<shop::Position> positions = {{"tea", 2}, {"cup", 1}};
  const std::map<std::string, std::vector<int>> shelves = {{"tea", {3, 4}}};
  stogger::info("order", {{"positions", positions},
                          {"shelves", shelves},
                          {"state", shop::State::paid},
                          {"priority", shop::Priority::high}});
  const std::error_code error(EACCES, std::generic_category());
  stogger::info("receipt", {{"file", std::filesystem::path("/srv/1.pdf")},
                            {"error", error},
                            {"copy_of", std::optional<std::string>()}});
}
