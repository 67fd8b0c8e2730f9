// A server that does not keep to the protocol, or uses it against the sink.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/postgres/fake_server.h"
#include "tests/postgres/fixture.h"
#include "tests/postgres/frames.h"
#include "tests/support/rows.h"

namespace stogger {
namespace {

using namespace std::chrono_literals;
using namespace frames;

// What a real server answers to a sink, turn by turn.
struct Recording {
  std::vector<std::string> turns;
  int insert = 0;  // turns: of one row
  int copy = 0;    // of several, up to where their data are wanted
  int copied = 0;
};

const Recording& recording() {
  static const Recording recorded = [] {
    const PostgresServer server;
    server.execute("CREATE TYPE mood AS ENUM ('fine', 'bad')");
    make_postgres({{"dsn", server.socket_dsn()}})->open();
    server.execute("ALTER TABLE stogger_logs ADD mood mood");
    Recorder recorder(server.socket_folder(), server.port());
    {
      const SinkPtr sink = make_postgres({{"dsn", recorder.dsn()}});
      EXPECT_OK(sink->open());
      EXPECT_OK(sink->write(table_rows({{}})));
      EXPECT_OK(sink->write(table_rows({{}, {}, {}})));
    }
    Recording result;
    result.turns = recorder.turns();
    result.copied = static_cast<int>(result.turns.size()) - 1;
    result.copy = result.copied - 1;
    result.insert = result.copied - 2;
    return result;
  }();
  return recorded;
}

// Seeds for the fuzzer of the protocol: run it by hand when the statements
// change, with STOGGER_SEEDS set to the folder of its corpus.
TEST(Protocol, DISABLED_WritesSeeds) {
  SKIP_IF(PostgresServer::why_not());
  const char* const folder = std::getenv("STOGGER_SEEDS");
  ASSERT_NE(folder, nullptr);
  const Recording& recorded = recording();
  std::string session;
  for (int i = 0; i < recorded.insert; ++i) {
    session += recorded.turns[static_cast<std::size_t>(i)];
  }
  const std::string insert =
      recorded.turns[static_cast<std::size_t>(recorded.insert)];
  const std::string copy =
      recorded.turns[static_cast<std::size_t>(recorded.copy)] +
      recorded.turns[static_cast<std::size_t>(recorded.copied)];
  const std::string pipeline = frame('2') + columns(1) + row({"x"}) +
                               complete("SELECT 1") + frame('1') + frame('2') +
                               frame('n') + complete("INSERT 0 1") + ready();
  const std::string path = folder;
  const auto seed = [&](const char* name, int flags, const std::string& more) {
    write_file(path + "/" + name,
               std::string{static_cast<char>(flags), '\0'} + session + more);
  };
  seed("insert", 0, insert + insert);
  seed("pipeline", 1 + 8, frame('1') + pipeline + frame('1') + pipeline);
  seed("copy", 2 + 16, copy + copy);
  seed("refused", 0, error("23505", "duplicate key") + ready() + insert);
}

}  // namespace
}  // namespace stogger
