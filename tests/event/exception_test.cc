#include <gtest/gtest.h>

#include <cerrno>
#include <exception>
#include <future>
#include <ios>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "stogger/log.h"
#include "stogger/system.h"
#include "stogger/testing.h"

namespace stogger {

namespace shop {

struct OutOfStock : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct NoStandardException {};
template <class>
struct Refused {};

}  // namespace shop

namespace {

using testing::Capture;
using testing::CapturedEvent;

class ExceptionTest : public ::testing::Test {
 protected:
  template <class T>
  CapturedEvent thrown(const T& object) {
    capture_.clear();
    try {
      throw object;
    } catch (...) {
      log_.exception("work-failed", {{"id", 3}}, "failed: {exception_msg}");
    }
    return capture_.events().at(0);
  }

  static std::string text(const CapturedEvent& event, std::string_view key) {
    const testing::CapturedField* field = event.find(key);
    return field == nullptr ? "(none)" : std::string(field->value().text());
  }

  System system_;
  Capture capture_{system_};
  Logger log_ = system_.logger();
};

TEST_F(ExceptionTest, IsAnErrorThatNamesTheException) {
  const CapturedEvent event = thrown(shop::OutOfStock("no \"bolts\" left\n"));
  EXPECT_EQ(event.level, Level::error);
  EXPECT_EQ(event.event, "work-failed");
  EXPECT_TRUE(event.func.starts_with("thrown"));
  EXPECT_EQ(event.find("id")->value().integer(), 3);
  EXPECT_EQ(text(event, "exception_class"), "stogger::shop::OutOfStock");
  EXPECT_EQ(text(event, "exception_msg"), "no \"bolts\" left\n");
  EXPECT_EQ(event.message, "failed: no \"bolts\" left\n");
}

TEST_F(ExceptionTest, KnowsStringsAndNamesEverythingElse) {
  EXPECT_EQ(text(thrown(std::string("a string")), "exception_msg"), "a string");
  const char* pointer = "a pointer";
  EXPECT_EQ(text(thrown(pointer), "exception_msg"), "a pointer");
  EXPECT_EQ(text(thrown(pointer), "exception_class"), "char const*");
  pointer = nullptr;
  EXPECT_EQ(text(thrown(pointer), "exception_msg"), "");
  EXPECT_EQ(text(thrown(42), "exception_class"), "int");
  EXPECT_EQ(text(thrown(42), "exception_msg"), "42");
  EXPECT_EQ(text(thrown(-3L), "exception_msg"), "-3");
  EXPECT_EQ(text(thrown(3ULL), "exception_msg"), "3");
  EXPECT_EQ(text(thrown(1.5), "exception_msg"), "1.5");
  EXPECT_EQ(text(thrown(1.5f), "exception_msg"), "1.5");
  EXPECT_EQ(text(thrown(std::string_view("a view")), "exception_msg"),
            "a view");
  EXPECT_EQ(text(thrown(shop::NoStandardException()), "exception_class"),
            "stogger::shop::NoStandardException");
  EXPECT_EQ(text(thrown(shop::NoStandardException()), "exception_msg"), "");
  EXPECT_EQ(text(thrown(std::ios_base::failure("disk")), "exception_class"),
            "std::ios_base::failure[abi:cxx11]");
}

TEST_F(ExceptionTest, EachCauseIsInTheMessageAndTheClassIsTheOneThrown) {
  try {
    try {
      try {
        throw std::system_error(ENOSPC, std::generic_category(), "disk gone");
      } catch (...) {
        std::throw_with_nested(std::logic_error("cannot write"));
      }
    } catch (...) {
      std::throw_with_nested(shop::OutOfStock("cannot save order 7"));
    }
  } catch (...) {
    log_.exception("work-failed");
  }
  const CapturedEvent event = capture_.events().at(0);
  EXPECT_EQ(text(event, "exception_class"), "stogger::shop::OutOfStock");
  EXPECT_EQ(text(event, "exception_msg"),
            "cannot save order 7: cannot write: disk gone: No space left on "
            "device");
  EXPECT_EQ(text(event, "error_code"), "generic:28");
}

TEST_F(ExceptionTest, ACauseMayBeAnything) {
  try {
    try {
      throw 7;
    } catch (...) {
      std::throw_with_nested(shop::NoStandardException());
    }
  } catch (...) {
    log_.exception("work-failed");
  }
  EXPECT_TRUE(
      capture_.has(Level::error, "work-failed",
                   {{"exception_class", "stogger::shop::NoStandardException"},
                    {"exception_msg", "7"}}));
}

TEST_F(ExceptionTest, TheClassOfATemplateIsShownWhole) {
  try {
    try {
      throw 7;
    } catch (...) {
      std::throw_with_nested(shop::Refused<std::vector<int>>());
    }
  } catch (...) {
    log_.exception("work-failed");
  }
  EXPECT_EQ(text(capture_.events().at(0), "exception_class"),
            text(thrown(shop::Refused<std::vector<int>>()), "exception_class"));
}

TEST_F(ExceptionTest, ManyCausesEnd) {
  std::exception_ptr cause;
  for (int i = 0; i < 1000; ++i) {
    try {
      if (cause != nullptr) {
        try {
          std::rethrow_exception(cause);
        } catch (...) {
          std::throw_with_nested(std::runtime_error("a"));
        }
      }
      throw std::runtime_error("first");
    } catch (...) {
      cause = std::current_exception();
    }
  }
  try {
    std::rethrow_exception(cause);
  } catch (...) {
    log_.exception("work-failed");
  }
  EXPECT_TRUE(
      text(capture_.events().at(0), "exception_msg").starts_with("a: a: a"));
}

TEST_F(ExceptionTest, TheCodeOfASystemErrorIsAField) {
  const CapturedEvent event =
      thrown(std::system_error(EACCES, std::generic_category(), "cannot open"));
  EXPECT_EQ(text(event, "error_code"), "generic:13");
  EXPECT_EQ(text(event, "exception_msg"), "cannot open: Permission denied");
  EXPECT_EQ(text(thrown(std::runtime_error("x")), "error_code"), "(none)");
  const CapturedEvent code = thrown(std::errc::permission_denied);
  EXPECT_EQ(text(code, "error_code"), "generic:13");
  EXPECT_EQ(text(code, "exception_msg"), "Permission denied");
  EXPECT_EQ(
      text(thrown(std::make_error_code(std::errc::io_error)), "exception_msg"),
      "Input/output error");
}

TEST_F(ExceptionTest, WithoutAnExceptionItIsAnErrorLikeAnyOther) {
  log_.exception("work-failed", {{"a", 1}});
  EXPECT_TRUE(capture_.has(Level::error, "work-failed", {{"a", 1}}));
  EXPECT_EQ(capture_.events()[0].fields.size(), 1u);
}

TEST_F(ExceptionTest, TheInnermostExceptionIsReported) {
  try {
    throw std::runtime_error("outer");
  } catch (...) {
    try {
      throw std::logic_error("inner");
    } catch (...) {
      log_.exception("first");
    }
    log_.exception("second");
  }
  EXPECT_TRUE(
      capture_.has(Level::error, "first", {{"exception_msg", "inner"}}));
  EXPECT_TRUE(
      capture_.has(Level::error, "second", {{"exception_msg", "outer"}}));
}

TEST_F(ExceptionTest, RethrownAndTransportedExceptionsAreKnown) {
  auto future = std::async(std::launch::async,
                           [] { throw std::runtime_error("elsewhere"); });
  try {
    future.get();
  } catch (...) {
    log_.exception("e");
  }
  EXPECT_TRUE(capture_.has(Level::error, "e",
                           {{"exception_class", "std::runtime_error"},
                            {"exception_msg", "elsewhere"}}));
}

TEST_F(ExceptionTest, TheExceptionCanBeHandledOn) {
  std::string seen;
  try {
    try {
      throw std::runtime_error("kept");
    } catch (...) {
      log_.exception("e");
      throw;
    }
  } catch (const std::runtime_error& e) {
    seen = e.what();
  }
  EXPECT_EQ(seen, "kept");
}

TEST_F(ExceptionTest, ItsFieldsStandAboveThoseOfTheCall) {
  try {
    throw std::runtime_error("right");
  } catch (...) {
    log_.exception("e", {{"exception_msg", "wrong"}, {"a", 1}});
  }
  EXPECT_TRUE(
      capture_.has(Level::error, "e", {{"exception_msg", "right"}, {"a", 1}}));
}

TEST_F(ExceptionTest, TheFreeFunctionDoesTheSame) {
  const Capture standard;
  try {
    throw std::runtime_error("text");
  } catch (...) {
    stogger::exception("e");
  }
  EXPECT_TRUE(standard.has(Level::error, "e",
                           {{"exception_msg", "text"}, {"func", "TestBody"}}));
}

}  // namespace
}  // namespace stogger
