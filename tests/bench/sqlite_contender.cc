// A bare loop over SQLite's C interface: the table, indexes and pragmas are
// those of stogger's sink, one INSERT is one transaction. Nothing has to be
// formatted: all texts are made before the clock runs.
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "contender.h"

namespace bench {
namespace {

constexpr const char* kSetUp =
    "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL;"
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "PRAGMA secure_delete=OFF; PRAGMA mmap_size=0; PRAGMA cache_size=-8192;"
    "PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;"
    "PRAGMA foreign_keys=OFF;"
    "CREATE TABLE stogger_logs (id INTEGER PRIMARY KEY,"
    " timestamp TEXT NOT NULL, level TEXT NOT NULL, event TEXT NOT NULL,"
    " func TEXT, scope TEXT, data TEXT NOT NULL DEFAULT '{}');"
    "CREATE INDEX idx_stogger_logs_timestamp ON stogger_logs (timestamp);"
    "CREATE INDEX idx_stogger_logs_level ON stogger_logs (level);"
    "CREATE INDEX idx_stogger_logs_event ON stogger_logs (event)";
constexpr const char* kInsert =
    "INSERT INTO stogger_logs (timestamp,level,event,func,scope,data)"
    " VALUES (?,?,?,?,?,?)";

struct Texts {
  std::string timestamp;
  std::string data;
};

class SqliteBare final : public Contender {
 public:
  std::string name() const override { return "bare SQLite"; }

  void open(const std::string& path) override {
    if (texts_.empty()) make_texts();
    require(sqlite3_open_v2(path.c_str(), &database_,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                SQLITE_OPEN_NOMUTEX,
                            nullptr),
            SQLITE_OK);
    require(sqlite3_exec(database_, kSetUp, nullptr, nullptr, nullptr),
            SQLITE_OK);
    require(sqlite3_prepare_v3(database_, kInsert, -1,
                               SQLITE_PREPARE_PERSISTENT, &insert_, nullptr),
            SQLITE_OK);
  }
  void run(std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) {
      const Texts& texts = texts_[i % texts_.size()];
      bind(1, texts.timestamp);
      bind(2, "info");
      bind(3, "user-login");
      bind(4, __func__);
      sqlite3_bind_null(insert_, 5);
      bind(6, texts.data);
      require(sqlite3_step(insert_), SQLITE_DONE);
      sqlite3_reset(insert_);
    }
  }
  void flush() override {}
  void close() override {
    sqlite3_finalize(insert_);
    require(sqlite3_close(database_), SQLITE_OK);
  }

 private:
  void make_texts() {
    constexpr std::size_t kCount = 1 << 16;
    char text[128];
    for (std::size_t i = 0; i < kCount; ++i) {
      const Login& login = bench::login(i);
      Texts texts;
      std::snprintf(text, sizeof text, "2026-11-21T01:%02zu:%02zu.%06zuZ",
                    i / 60000 % 60, i / 1000 % 60, i % 1000 * 1000);
      texts.timestamp = text;
      std::snprintf(text, sizeof text,
                    R"({"user_id":%d,"ip":"%s","duration_ms":%.9g})",
                    login.user_id, login.ip.c_str(), login.duration_ms);
      texts.data = text;
      texts_.push_back(texts);
    }
  }
  void bind(int parameter, std::string_view text) {
    sqlite3_bind_text(insert_, parameter, text.data(),
                      static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void require(int result, int wanted) {
    if (result == wanted) return;
    std::fprintf(stderr, "log_bench: SQLite: %s\n", sqlite3_errmsg(database_));
    std::exit(1);
  }

  std::vector<Texts> texts_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace

ContenderPtr sqlite_bare() { return std::make_unique<SqliteBare>(); }

}  // namespace bench
