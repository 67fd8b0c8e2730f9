// The control: everything here compiles, whatever is defined.
#include <stogger/log.h>
#include <stogger/sink.h>

void call(const char* text, bool flag, unsigned long long number) {
  stogger::info("e");
  stogger::info("e", {});
  stogger::info("e", {{"text", text}, {"flag", flag}, {"number", number}});
  stogger::info("e", {{"null", nullptr}, {"char", 'x'}, {"real", 1.5F}},
                "{text}");
  constexpr std::string_view kTemplate = "{text}";
  static constexpr char kCharacters[] = "{text}";
  stogger::info("e", {{"text", text}}, kTemplate);
  stogger::info("e", {{"text", text}}, kCharacters);
  stogger::info("e", {}, {});
  stogger::info("e", {}, stogger::runtime_template(text));
}
