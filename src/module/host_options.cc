#include "module/host_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/options.h"

namespace stogger {
namespace {

std::string_view view(stogger_text text) noexcept {
  return {text.data, text.size};
}

stogger_text text_of(std::string_view text) noexcept {
  return {text.data(), text.size()};
}

stogger_code answer(const Status& status, stogger_message* message) noexcept {
  if (status.ok()) return 0;
  message->size = status.message().copy(message->data, message->capacity);
  return static_cast<stogger_code>(status.code());
}

}  // namespace

// No exception may reach the module.
struct HostOptions::Methods {
  template <class Result, class Call>
  static Result guarded(void* context, Result fallback, Call call) noexcept {
    auto* const self = static_cast<HostOptions*>(context);
    try {
      return call(*self->options_);
    } catch (...) {
      self->failed_ = true;
      return fallback;
    }
  }

  static int has(void* context, stogger_text key) noexcept {
    return guarded(context, 0, [&](Options& options) {
      return options.has(view(key)) ? 1 : 0;
    });
  }

  static stogger_text text(void* context, stogger_text key,
                           stogger_text fallback) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return text_of(options.text(view(key), view(fallback)));
    });
  }

  static stogger_text required(void* context, stogger_text key) noexcept {
    return guarded(context, stogger_text{}, [&](Options& options) {
      return text_of(options.required(view(key)));
    });
  }

  static int boolean(void* context, stogger_text key, int fallback) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return options.boolean(view(key), fallback != 0) ? 1 : 0;
    });
  }

  static std::int64_t integer(void* context, stogger_text key,
                              std::int64_t fallback, std::int64_t least,
                              std::int64_t most) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return options.integer(view(key), fallback, least, most);
    });
  }

  static double real(void* context, stogger_text key, double fallback,
                     double least, double most) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return options.real(view(key), fallback, least, most);
    });
  }

  static std::size_t choice(void* context, stogger_text key,
                            const stogger_text* names, std::size_t name_count,
                            std::size_t fallback) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      std::vector<std::string> known;
      for (std::size_t i = 0; i < name_count; ++i) {
        known.emplace_back(view(names[i]));
      }
      return OptionsAccess::choice(options, view(key), known, fallback);
    });
  }

  static std::size_t list_size(void* context, stogger_text key) noexcept {
    return guarded(context, std::size_t{0}, [&](Options& options) {
      return options.list_size(view(key));
    });
  }

  static stogger_text list_item(void* context, stogger_text key,
                                std::size_t index) noexcept {
    return guarded(context, stogger_text{}, [&](Options& options) {
      return text_of(options.list_item(view(key), index));
    });
  }

  static void problem(void* context, stogger_text key,
                      stogger_text what) noexcept {
    guarded(context, 0, [&](Options& options) {
      options.problem(view(key), view(what));
      return 0;
    });
  }

  static void warning(void* context, stogger_text key,
                      stogger_text what) noexcept {
    guarded(context, 0, [&](Options& options) {
      options.warning(view(key), view(what));
      return 0;
    });
  }

  static stogger_code finish(void* context, stogger_message* message) noexcept {
    return guarded(
        context, static_cast<stogger_code>(Code::internal),
        [&](Options& options) { return answer(options.finish(), message); });
  }

  static std::size_t problem_count(void* context) noexcept {
    return guarded(context, std::size_t{0},
                   [](Options& options) { return options.problem_count(); });
  }

  static stogger_text problem_key(void* context, std::size_t index) noexcept {
    return guarded(context, stogger_text{}, [&](Options& options) {
      return text_of(options.problem_key(index));
    });
  }

  static stogger_text problem_text(void* context, std::size_t index) noexcept {
    return guarded(context, stogger_text{}, [&](Options& options) {
      return text_of(options.problem_text(index));
    });
  }
};

HostOptions::HostOptions(std::string_view type, Options& options) noexcept
    : options_(&options), table_{} {
  table_.size = sizeof(table_);
  table_.context = this;
  table_.has = &Methods::has;
  table_.text = &Methods::text;
  table_.required = &Methods::required;
  table_.boolean = &Methods::boolean;
  table_.integer = &Methods::integer;
  table_.real = &Methods::real;
  table_.choice = &Methods::choice;
  table_.list_size = &Methods::list_size;
  table_.list_item = &Methods::list_item;
  table_.problem = &Methods::problem;
  table_.warning = &Methods::warning;
  table_.finish = &Methods::finish;
  table_.problem_count = &Methods::problem_count;
  table_.problem_key = &Methods::problem_key;
  table_.problem_text = &Methods::problem_text;
  table_.type = text_of(type);
  table_.identifier = text_of(options.identifier());
  table_.sink_name = text_of(options.sink_name());
  table_.for_samples = options.for_samples() ? 1 : 0;
}

}  // namespace stogger
