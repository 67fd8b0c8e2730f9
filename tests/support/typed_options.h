// Whether the typed form of a sink for samples has what its factory asks for.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "base/options.h"
#include "sample/typed_options.h"
#include "stogger/sink.h"

namespace stogger {

// `elsewhere`: keys whose typed form is another one.
inline void expect_all_in(const TypedOptions& typed, const char* type,
                          Status (*make)(Options&, SinkPtr*),
                          std::set<std::string> elsewhere = {}) {
  Options options(type, {});
  OptionsAccess::set_for_samples(options);
  SinkPtr sink;
  static_cast<void>(make(options, &sink));
  std::set<std::string> asked(OptionsAccess::known(options).begin(),
                              OptionsAccess::known(options).end());
  std::set<std::string> offered;
  for (const Field& option : typed.options) offered.emplace(option.key);
  if (asked.count("columns") != 0) offered.emplace("columns");
  for (const std::string& key : elsewhere) offered.insert(key);
  EXPECT_EQ(offered, asked) << type;
}

}  // namespace stogger
