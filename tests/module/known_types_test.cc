#include "module/known_types.h"

#include <gtest/gtest.h>

#include "module/registry.h"

namespace stogger {
namespace {

TEST(KnownTypesTest, AreBuiltInOrInAPackage) {
  for (const KnownType& type : known_types()) {
    EXPECT_EQ(type.factory == nullptr, !type.package.empty()) << type.name;
    EXPECT_EQ(find_known_type(type.name), &type);
  }
  EXPECT_EQ(find_known_type("nosuch"), nullptr);
}

TEST(KnownTypesTest, AllAreFound) {
  for (const KnownType& known : known_types()) {
    SinkType type;
    EXPECT_TRUE(find_sink_type(known.name, &type).ok()) << known.name;
    EXPECT_EQ(type.factory, known.factory);
  }
}

}  // namespace
}  // namespace stogger
