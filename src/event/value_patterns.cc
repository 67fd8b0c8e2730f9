#include "event/value_patterns.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#ifdef STOGGER_WITH_RE2
#include <re2/re2.h>
#endif

namespace stogger {

#ifdef STOGGER_WITH_RE2

namespace {

// For the program of a pattern and the states that it was in. Beyond, RE2
// refuses the pattern, or searches without keeping states.
constexpr std::int64_t kMemory = 1024 * 1024;

std::unique_ptr<re2::RE2> compile(const std::string& pattern,
                                  std::int64_t memory = kMemory) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(memory);
  return std::make_unique<re2::RE2>(pattern, options);
}

bool finds(const re2::RE2& pattern, std::string_view text, std::size_t from,
           re2::StringPiece* found, int count) {
  return pattern.Match({text.data(), text.size()}, from, text.size(),
                       re2::RE2::UNANCHORED, found, count);
}

// Goes through the matches of one pattern.
class MatchFinder {
 public:
  MatchFinder(const re2::RE2& pattern, std::string_view text)
      : pattern_(&pattern), text_(text) {}

  // Goes on to the first match that ends behind that place, or to the end.
  void pass(std::size_t place) {
    while (start_ < text_.size() && end_ <= place) find_next();
  }
  std::size_t start() const noexcept { return start_; }
  std::size_t end() const noexcept { return end_; }

 private:
  void find_next() {
    const std::size_t rest = text_.size() - from_;
    start_ = from_;
    end_ = text_.size();
    if (rest > room_) {  // all of it
      from_ = end_;
      return;
    }
    room_ -= rest;
    re2::StringPiece found;
    if (rest == 0 || !finds(*pattern_, text_, from_, &found, 1)) {
      start_ = end_;
      return;
    }
    start_ = static_cast<std::size_t>(found.data() - text_.data());
    end_ = start_ + found.size();
    from_ = found.empty() ? next_character(start_) : end_;
  }

  std::size_t next_character(std::size_t at) const noexcept {
    for (++at; at < text_.size(); ++at) {
      if ((static_cast<unsigned char>(text_[at]) & 0xC0U) != 0x80U) return at;
    }
    return text_.size();
  }

  const re2::RE2* pattern_;
  std::string_view text_;
  std::size_t from_ = 0;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
  std::size_t room_ = ValuePatterns::kMostSearched;
};

}  // namespace

struct ValuePatterns::Compiled {
  explicit Compiled(const std::vector<std::string>& patterns) {
    std::string all;
    bool quotes = false;  // maybe up to the end
    for (const std::string& pattern : patterns) {
      each.push_back(compile(pattern));
      quotes = quotes || pattern.find("\\Q") != std::string::npos;
      all += (all.empty() ? "(?:" : "|(?:") + pattern + ')';
    }
    if (patterns.size() < 2 || quotes) return;
    any = compile(all, kMemory * static_cast<std::int64_t>(patterns.size()));
    // Each may be right while all of them are too much, or have a name twice.
    if (!any->ok()) any = nullptr;
  }

  bool match(std::string_view text) const {
    if (any != nullptr) return finds(*any, text, 0, nullptr, 0);
    return std::any_of(each.begin(), each.end(), [&](const auto& pattern) {
      return finds(*pattern, text, 0, nullptr, 0);
    });
  }

  std::vector<std::unique_ptr<re2::RE2>> each;
  std::unique_ptr<re2::RE2> any;       // all of several in one; may be null
  const Compiled* given_up = nullptr;  // before this was
};

bool ValuePatterns::is_built_in() noexcept { return true; }

std::string ValuePatterns::why_wrong(const std::string& pattern) {
  const std::unique_ptr<re2::RE2> compiled = compile(pattern);
  return compiled->ok() ? std::string() : compiled->error();
}

ValuePatterns::ValuePatterns(std::vector<std::string> patterns)
    : patterns_(std::move(patterns)), compiled_(new Compiled(patterns_)) {}

ValuePatterns::~ValuePatterns() { delete compiled_.load(); }

const ValuePatterns::Compiled& ValuePatterns::compiled() const {
  Compiled* current = compiled_.load(std::memory_order_acquire);
  if (current != nullptr) [[likely]]
    return *current;
  auto made = std::make_unique<Compiled>(patterns_);
  if (compiled_.compare_exchange_strong(current, made.get(),
                                        std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *current;
}

// What was there cannot be destroyed. It is compiled again when it is needed:
// most children start another program.
void ValuePatterns::after_fork_in_child() noexcept {
  static std::atomic<const Compiled*> given_up{nullptr};
  Compiled* const compiled = compiled_.exchange(nullptr);
  if (compiled != nullptr) compiled->given_up = given_up.exchange(compiled);
}

bool ValuePatterns::match(std::string_view text) const {
  return compiled().match(text);
}

void ValuePatterns::append_clean(Buffer& out, std::string_view text,
                                 std::string_view replacement) const {
  std::vector<MatchFinder> finders;
  for (const auto& pattern : compiled().each) {
    finders.emplace_back(*pattern, text);
  }
  for (std::size_t done = 0; done < text.size();) {
    // The first of all matches that are left, and what goes on from it.
    std::size_t start = text.size();
    for (MatchFinder& finder : finders) {
      finder.pass(done);
      start = std::min(start, std::max(finder.start(), done));
    }
    std::size_t end = start;
    for (bool grows = true; grows;) {
      grows = false;
      for (MatchFinder& finder : finders) {
        finder.pass(end);
        if (finder.start() > end || finder.end() <= end) continue;
        end = finder.end();
        grows = true;
      }
    }
    out.append(text.substr(done, start - done));
    if (end > start) out.append(replacement);
    done = end;
  }
}

#else

struct ValuePatterns::Compiled {};

bool ValuePatterns::is_built_in() noexcept { return false; }
std::string ValuePatterns::why_wrong(const std::string&) {
  return "there is no RE2";
}
ValuePatterns::ValuePatterns(std::vector<std::string> patterns)
    : patterns_(std::move(patterns)) {}
ValuePatterns::~ValuePatterns() = default;
void ValuePatterns::after_fork_in_child() noexcept {}
bool ValuePatterns::match(std::string_view) const { return false; }
void ValuePatterns::append_clean(Buffer& out, std::string_view text,
                                 std::string_view) const {
  out.append(text);
}

#endif

}  // namespace stogger
