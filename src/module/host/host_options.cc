#include "module/host/host_options.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/module_text.h"
#include "base/options.h"

namespace stogger {
namespace {

// Of an option.
constexpr std::size_t kMostChoices = 1000;

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
      return options.has(text_of_module(key)) ? 1 : 0;
    });
  }

  static stogger_text text(void* context, stogger_text key,
                           stogger_text fallback) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return as_module_text(
          options.text(text_of_module(key), text_of_module(fallback)));
    });
  }

  static stogger_text required(void* context, stogger_text key) noexcept {
    return guarded(context, stogger_text{}, [&](Options& options) {
      return as_module_text(options.required(text_of_module(key)));
    });
  }

  static int boolean(void* context, stogger_text key, int fallback) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return options.boolean(text_of_module(key), fallback != 0) ? 1 : 0;
    });
  }

  static std::int64_t integer(void* context, stogger_text key,
                              std::int64_t fallback, std::int64_t least,
                              std::int64_t most) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return options.integer(text_of_module(key), fallback, least, most);
    });
  }

  static double real(void* context, stogger_text key, double fallback,
                     double least, double most) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      return options.real(text_of_module(key), fallback, least, most);
    });
  }

  static std::size_t choice(void* context, stogger_text key,
                            const stogger_text* names, std::size_t name_count,
                            std::size_t fallback) noexcept {
    return guarded(context, fallback, [&](Options& options) {
      std::vector<std::string> known;
      const std::size_t count = names == nullptr ? 0 : name_count;
      for (std::size_t i = 0; i < std::min(count, kMostChoices); ++i) {
        known.emplace_back(text_of_module(names[i]));
      }
      return OptionsAccess::choice(options, text_of_module(key), known,
                                   fallback);
    });
  }

  static std::size_t list_size(void* context, stogger_text key) noexcept {
    return guarded(context, std::size_t{0}, [&](Options& options) {
      return options.list_size(text_of_module(key));
    });
  }

  static stogger_text list_item(void* context, stogger_text key,
                                std::size_t index) noexcept {
    return guarded(context, stogger_text{}, [&](Options& options) {
      return as_module_text(options.list_item(text_of_module(key), index));
    });
  }

  static int table_item(void* context, stogger_text key, std::size_t index,
                        stogger_text* name, stogger_text* text) noexcept {
    return guarded(context, 0, [&](Options& options) {
      std::string_view found[2];
      if (!options.table_item(text_of_module(key), index, &found[0],
                              &found[1])) {
        return 0;
      }
      if (name != nullptr) *name = as_module_text(found[0]);
      if (text != nullptr) *text = as_module_text(found[1]);
      return 1;
    });
  }

  static void problem(void* context, stogger_text key,
                      stogger_text what) noexcept {
    guarded(context, 0, [&](Options& options) {
      options.problem(text_of_module(key), text_of_module(what));
      return 0;
    });
  }

  static void warning(void* context, stogger_text key,
                      stogger_text what) noexcept {
    guarded(context, 0, [&](Options& options) {
      options.warning(text_of_module(key), text_of_module(what));
      return 0;
    });
  }

  static stogger_code finish(void* context, stogger_message* message) noexcept {
    return guarded(context, static_cast<stogger_code>(Code::internal),
                   [&](Options& options) {
                     const Status status = options.finish();
                     return module_answer(status.code(), status.message(),
                                          message);
                   });
  }

  static int has_problem(void* context, stogger_text key) noexcept {
    return guarded(context, 0, [&](Options& options) {
      return options.has_problem(text_of_module(key)) ? 1 : 0;
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
  table_.has_problem = &Methods::has_problem;
  table_.type = as_module_text(type);
  table_.identifier = as_module_text(options.identifier());
  table_.sink_name = as_module_text(options.sink_name());
  table_.table_item = &Methods::table_item;
  table_.for_samples = options.for_samples() ? 1 : 0;
}

}  // namespace stogger
