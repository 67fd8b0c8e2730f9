#include "base/hidden.h"

#include <algorithm>
#include <cstddef>

#include "base/quote.h"
#include "base/utf8.h"

namespace stogger {
namespace {

constexpr std::size_t kShortest = 3;

void add(std::vector<HiddenValue>* forms, std::string value,
         const std::string& shown) {
  if (value.size() >= kShortest) forms->push_back({std::move(value), shown});
}

// How much of the text's beginning is this value, or what was left of it where
// a text was cut: by quoted(), or at its end. 0 if it is not there.
std::size_t length_at(std::string_view text, std::string_view value) noexcept {
  constexpr std::size_t kShortestEnd = 8;
  const auto differs =
      std::mismatch(text.begin(), text.end(), value.begin(), value.end());
  const auto size = static_cast<std::size_t>(differs.first - text.begin());
  if (size == value.size()) return size;
  // Dots of the value may be the first ones of the ellipsis.
  constexpr std::string_view kEllipsis = "...\"";
  for (std::size_t cut = size; cut >= kShortest; --cut) {
    if (text.substr(cut).starts_with(kEllipsis)) return cut;
    if (text[cut - 1] != '.' || size - cut == kEllipsis.size()) break;
  }
  return size >= kShortestEnd && size == text.size() ? size : 0;
}

bool continues_character(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The value without the parts of characters that it may begin or end with:
// what stands beside it in a text may complete them.
std::string_view whole_characters(std::string_view value) noexcept {
  constexpr std::size_t kMostParts = 3;
  for (std::size_t i = 0;
       i < kMostParts && !value.empty() && continues_character(value.front());
       ++i) {
    value.remove_prefix(1);
  }
  for (std::size_t i = 1; i <= kMostParts && i <= value.size(); ++i) {
    const std::string_view last = value.substr(value.size() - i);
    if (continues_character(last.front())) continue;
    const Utf8Step step = utf8_step(last);
    if (!step.valid && step.size == i) value.remove_suffix(i);
    break;
  }
  return value;
}

void add_forms(std::vector<HiddenValue>* forms, std::string_view value,
               const std::string& shown) {
  add(forms, std::string(value), shown);
  add(forms, printable(value), shown);
  const std::string in_quotes = quoted(value);
  const std::size_t end = in_quotes.ends_with("...\"") ? 4 : 1;
  add(forms, in_quotes.substr(1, in_quotes.size() - 1 - end), shown);
}

// As the values may stand in a text; the longest first, for one may contain
// another.
std::vector<HiddenValue> forms_of(const std::vector<HiddenValue>& values) {
  std::vector<HiddenValue> forms;
  for (const HiddenValue& one : values) {
    add_forms(&forms, one.value, one.shown);
    const std::string_view whole = whole_characters(one.value);
    if (whole.size() < one.value.size()) add_forms(&forms, whole, one.shown);
  }
  std::stable_sort(forms.begin(), forms.end(),
                   [](const HiddenValue& a, const HiddenValue& b) {
                     return a.value.size() > b.value.size();
                   });
  return forms;
}

}  // namespace

std::string hide_values(const std::vector<HiddenValue>& values,
                        std::string_view text) {
  if (values.empty()) return std::string(text);
  const std::vector<HiddenValue> forms = forms_of(values);
  std::string out;
  while (!text.empty()) {
    std::size_t size = 0;
    for (const HiddenValue& form : forms) {
      size = length_at(text, form.value);
      if (size == 0) continue;
      out += form.shown;
      break;
    }
    if (size == 0) out += text[size++];
    text.remove_prefix(size);
  }
  return out;
}

}  // namespace stogger
