// CapturedReports: what the library says about itself while it lives.
#pragma once

#include <string>
#include <string_view>

#include "stogger/diagnostics.h"

namespace stogger {

class CapturedReports {
 public:
  CapturedReports() {
    set_diagnostics(
        [](std::string_view line, void* reports) {
          auto& text = static_cast<CapturedReports*>(reports)->text_;
          text.append(line).push_back('\n');
        },
        this);
  }
  ~CapturedReports() { set_diagnostics(nullptr); }
  CapturedReports(const CapturedReports&) = delete;
  CapturedReports& operator=(const CapturedReports&) = delete;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace stogger
