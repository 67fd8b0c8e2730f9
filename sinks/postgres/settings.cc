#include "sinks/postgres/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <random>
#include <system_error>
#include <utility>

#include "base/names.h"
#include "base/scrub.h"
#include "os/ownership.h"
#include "row/declared_columns.h"
#include "sinks/postgres/environment.h"
#include "sinks/postgres/sql.h"

namespace stogger {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kDiscreteOptions[] = {
    "host", "port", "user", "password", "database", "sslmode", "sslrootcert"};

class Reader {
 public:
  Reader(Options& options, PostgresSettings* settings)
      : options_(options), settings_(*settings) {}

  Status run() {
    PostgresParameters given;
    const bool is_dsn = options_.has("dsn");
    const std::string_view source = is_dsn ? "dsn" : "host";
    // The others are read in any case: they would count as unknown otherwise.
    PostgresParameters discrete = read_discrete();
    if (is_dsn) {
      read_dsn(&given);
    } else {
      given = std::move(discrete);
    }
    read_hosts(source, &given);
    settings_.parameters = std::move(given);
    if (options_.for_samples()) {
      read_for_samples();
    } else {
      read_for_events();
    }
    read_table();
    read_rest();
    finish_parameters();
    if (has_more_rights_than_caller()) {
      check(source,
            shut_out_environment(&settings_.hosts, &settings_.parameters));
    }
    warn_of_strangers(source);
    Status status = options_.finish();
    if (!status.ok()) return status;
    find_secrets();
    // Of a dsn that mixes its two forms, a password may be taken for a part of
    // the name of the database.
    settings_.target = hide_secrets(hide_secrets(
        settings_,
        describe_target(settings_.hosts,
                        find_parameter(settings_.parameters, "service"),
                        find_parameter(settings_.parameters, "dbname"),
                        find_parameter(settings_.parameters, "user"))));
    if (options_.for_samples()) {
      settings_.target += "." + settings_.schema + "." + settings_.table;
    }
    return {};
  }

 private:
  PostgresParameters read_discrete();
  void read_dsn(PostgresParameters* parameters);
  void read_hosts(std::string_view source, PostgresParameters* parameters);
  void read_for_events();
  void read_for_samples();
  void read_times();
  void read_sample_times();
  void read_pool();
  milliseconds read_connect_timeout(milliseconds fallback);
  void read_table();
  void read_rest();
  void find_secrets();
  void finish_parameters();
  void warn_of_strangers(std::string_view source);
  void set_default(std::string_view keyword, std::string_view value,
                   const char* variable = nullptr);
  void check(std::string_view key, const Status& status) {
    if (!status.ok()) options_.problem(key, status.message());
  }
  // Log events have quoted names; those of samples are the same everywhere.
  void check_name(std::string_view key, const std::string& name) {
    if (!options_.for_samples()) {
      check(key, check_identifier(name));
    } else if (!is_identifier(name)) {
      options_.problem(key, kIdentifierRule);
    }
  }
  // Without the variable, an event is counted by a sink that fails; whoever
  // makes a sink for samples wants to know now.
  void put_password(std::string_view key, PasswordForm form,
                    std::string* text) {
    Status status = put_password_in(form, text);
    if (status.ok()) return;
    if (options_.for_samples()) return check(key, status);
    settings_.unusable = Status(
        Code::config, "the configuration " + std::string(status.message()));
  }
  // Of an option that is left out if there is nothing to say.
  std::string text(std::string_view key) {
    std::string text(options_.text(key));
    if (text.empty() && options_.has(key) && !options_.has_problem(key)) {
      options_.problem(key, "must not be empty");
    }
    return text;
  }
  milliseconds time(std::string_view key, milliseconds fallback,
                    std::int64_t least, std::int64_t most) {
    return milliseconds(options_.integer(key, fallback.count(), least, most));
  }

  Options& options_;
  PostgresSettings& settings_;
};

PostgresParameters Reader::read_discrete() {
  PostgresParameters parameters;
  const auto add = [&](std::string_view keyword, std::string value) {
    if (!value.empty()) parameters.emplace_back(keyword, std::move(value));
  };
  constexpr std::int64_t kHighestPort = 65535;
  add("host", text("host"));
  if (options_.has("port")) {
    add("port",
        std::to_string(options_.integer("port", 5432, 1, kHighestPort)));
  }
  add("user", text("user"));
  std::string password(options_.text("password"));
  put_password("password", PasswordForm::plain, &password);
  add("password", std::move(password));
  add("dbname", text("database"));
  add("sslmode", text("sslmode"));
  add("sslrootcert", text("sslrootcert"));
  return parameters;
}

void Reader::read_dsn(PostgresParameters* parameters) {
  for (const std::string_view key : kDiscreteOptions) {
    if (!options_.has(key)) continue;
    options_.problem("dsn", "and \"" + std::string(key) +
                                "\" cannot both be given: put it into the dsn, "
                                "or give no dsn");
    return;
  }
  std::string dsn(options_.required("dsn"));
  if (dsn.empty()) return;
  put_password("dsn", PasswordForm::dsn, &dsn);
  const Status status = parse_dsn(dsn, parameters);
  wipe(&dsn);
  check("dsn", status);
}

void Reader::read_hosts(std::string_view source,
                        PostgresParameters* parameters) {
  const std::string names = take_parameter(parameters, "host");
  const std::string addresses = take_parameter(parameters, "hostaddr");
  const std::string ports = take_parameter(parameters, "port");
  check(source, split_hosts(names, addresses, ports, &settings_.hosts));
  const std::string balance = take_parameter(parameters, "load_balance_hosts");
  if (balance == "random") {
    std::shuffle(settings_.hosts.begin(), settings_.hosts.end(),
                 std::minstd_rand(std::random_device{}()));
  } else if (!balance.empty() && balance != "disable") {
    options_.problem(source,
                     "has a load_balance_hosts that is neither disable nor "
                     "random");
  }
}

void Reader::read_for_events() {
  read_times();
  settings_.table = "stogger_logs";
  // The table that is created has a column `id` as well.
  settings_.columns = read_declared_columns(options_, {"id"});
  const std::string_view indexes =
      options_.choice("indexes", {"full", "minimal", "none"}, "full");
  if (indexes == "minimal") settings_.indexes = PostgresIndexes::minimal;
  if (indexes == "none") settings_.indexes = PostgresIndexes::none;
}

void Reader::read_for_samples() {
  if (!options_.has("dsn") && !options_.has("host")) {
    options_.problem("dsn", "or \"host\" is required");
  }
  settings_.policy = kPostgresSamples;
  // A sink that cannot be opened is given up.
  settings_.waits_for_server = true;
  settings_.longest_backoff = milliseconds(500);
  settings_.no_answer =
      "the server did not answer in time (connect_timeout_s, or "
      "command_timeout_s later on)";
  read_sample_times();
  read_pool();
  settings_.schema = "public";
  settings_.table = "samples";
  settings_.columns = read_declared_columns(options_);
  settings_.create_table = false;
  settings_.times_as_text =
      options_.choice("times", {"native", "text"}, "native") == "text";
}

void Reader::read_times() {
  constexpr std::int64_t kMinute = 60000;
  constexpr std::int64_t kTenMinutes = 10 * kMinute;
  PostgresSettings& settings = settings_;
  settings.deadline = time("deadline_ms", settings.deadline, 1, kMinute);
  const milliseconds fallback =
      std::max(settings.deadline * 4 / 5, milliseconds(1));
  settings.statement_timeout =
      time("statement_timeout_ms", fallback, 1, kMinute);
  if (options_.has("statement_timeout_ms") &&
      settings.statement_timeout >= settings.deadline) {
    options_.problem("statement_timeout_ms",
                     "must be below deadline_ms, which is " +
                         std::to_string(settings.deadline.count()) +
                         ", so that the server's answer comes in time");
  }
  settings.batch_deadline =
      time("batch_deadline_ms", settings.batch_deadline, 1, kTenMinutes);
  settings.batch_statement_timeout =
      std::max(settings.batch_deadline * 5 / 8, milliseconds(1));
  settings.start_wait = time("start_wait_ms", settings.start_wait, 0, kMinute);
  settings.open_wait = settings.deadline;
  settings.connect_timeout =
      time("connect_timeout_ms", read_connect_timeout(settings.connect_timeout),
           1, kTenMinutes);
}

// That of the dsn, in seconds; 0 and less mean for ever.
milliseconds Reader::read_connect_timeout(milliseconds fallback) {
  const std::string text =
      take_parameter(&settings_.parameters, "connect_timeout");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (seconds <= 0) return fallback;
  return std::min<milliseconds>(std::chrono::seconds(seconds),
                                std::chrono::minutes(10));
}

void Reader::read_sample_times() {
  constexpr double kLeast = 0.001;
  constexpr double kMost = 600;
  const auto seconds = [&](std::string_view key, double fallback) {
    return milliseconds(
        std::llround(options_.real(key, fallback, kLeast, kMost) * 1000));
  };
  PostgresSettings& settings = settings_;
  settings.deadline = seconds("command_timeout_s", 10);
  settings.batch_deadline = settings.deadline;
  // Below the deadline, so that the server's answer comes in time.
  const milliseconds most =
      std::max(settings.deadline * 9 / 10, milliseconds(1));
  const milliseconds wanted =
      time("statement_timeout_ms", milliseconds(30000), 0, INT32_MAX);
  settings.statement_timeout =
      wanted.count() == 0 ? most : std::min(wanted, most);
  settings.batch_statement_timeout = settings.statement_timeout;
  const milliseconds in_dsn = read_connect_timeout(milliseconds(30000));
  settings.connect_timeout =
      seconds("connect_timeout_s", static_cast<double>(in_dsn.count()) / 1000);
  settings.start_wait = settings.open_wait = settings.connect_timeout;
  options_.real("close_timeout_s", 10, 0, kMost);
}

void Reader::read_pool() {
  const std::int64_t least = options_.integer("pool_min_size", 1, 1, INT32_MAX);
  const std::int64_t most = options_.integer("pool_max_size", 4, 1, INT32_MAX);
  if (least > most) {
    options_.problem("pool_min_size", "must not be above pool_max_size");
  } else if (least > 1) {
    options_.problem("pool_min_size",
                     "must be 1: the calls to a sink never overlap, so that "
                     "one connection serves them all");
  }
}

void Reader::read_table() {
  settings_.schema = options_.text("schema", settings_.schema);
  std::string table(options_.text("table", settings_.table));
  const std::size_t dot = table.find('.');
  if (dot != std::string::npos && options_.has("schema")) {
    options_.problem("table",
                     "has a dot in it, which sets it apart from its schema, "
                     "but \"schema\" is given too");
  } else if (dot != std::string::npos) {
    settings_.schema = table.substr(0, dot);
    table.erase(0, dot + 1);
    check_name("table", settings_.schema);
    if (table.find('.') != std::string::npos) {
      options_.problem("table",
                       "has more than one dot: it is SCHEMA.TABLE; a name with "
                       "a dot in it needs a table [stogger.sinks.NAME] with "
                       "\"schema\"");
    }
  } else if (options_.has("schema")) {
    check_name("schema", settings_.schema);
  }
  settings_.trust_table = options_.boolean("trust_table", false);
  check_name("table", table);
  settings_.table = std::move(table);
}

void Reader::read_rest() {
  settings_.create_table =
      options_.boolean("create_table", settings_.create_table);
  settings_.synchronous_commit = options_.choice(
      "synchronous_commit",
      {"", "on", "off", "local", "remote_write", "remote_apply"}, "");
  constexpr std::int64_t kMostConnections = 1000;
  if (options_.integer("pool_size", 1, 1, kMostConnections) != 1) {
    options_.problem("pool_size",
                     "must be 1: the calls to a sink never overlap, so that "
                     "one connection serves them all");
  }
  settings_.use_copy = options_.boolean("use_copy", true);
}

void Reader::find_secrets() {
  // Those that libpq marks as such.
  constexpr std::string_view kKeywords[] = {"password", "sslpassword"};
  for (const std::string_view keyword : kKeywords) {
    const std::string_view secret =
        find_parameter(settings_.parameters, keyword);
    if (!secret.empty()) settings_.secrets.emplace_back(secret);
  }
  // One may contain the other.
  std::sort(settings_.secrets.begin(), settings_.secrets.end(),
            [](const std::string& a, const std::string& b) {
              return a.size() > b.size();
            });
}

// Unless the dsn has it, or the variable that libpq reads.
void Reader::set_default(std::string_view keyword, std::string_view value,
                         const char* variable) {
  if (!find_parameter(settings_.parameters, keyword).empty()) return;
  if (variable != nullptr && ::secure_getenv(variable) != nullptr) return;
  take_parameter(&settings_.parameters, keyword);
  settings_.parameters.emplace_back(keyword, value);
}

void Reader::finish_parameters() {
  settings_.startup_options = take_parameter(&settings_.parameters, "options");
  settings_.sslmode = find_parameter(settings_.parameters, "sslmode");
  if (settings_.sslmode.empty())
    settings_.sslmode = libpq_variable("PGSSLMODE");
  take_parameter(&settings_.parameters, "client_encoding");
  settings_.parameters.emplace_back("client_encoding", "UTF8");
  const std::string_view identifier = options_.identifier();
  set_default("fallback_application_name",
              identifier.empty() ? "stogger" : identifier);
  set_default("gssencmode", "disable", "PGGSSENCMODE");
  set_default("keepalives_idle", "15");
  set_default("keepalives_interval", "5");
  set_default("keepalives_count", "3");
  set_default("tcp_user_timeout", "10000");
  if (settings_.hosts.size() > 1) {
    set_default("target_session_attrs", "read-write", "PGTARGETSESSIONATTRS");
  }
}

// A service file may say more than is known here.
void Reader::warn_of_strangers(std::string_view source) {
  if (settings_.sslmode == "verify-full" ||
      !find_parameter(settings_.parameters, "service").empty() ||
      !libpq_variable("PGSERVICE").empty() ||
      std::all_of(settings_.hosts.begin(), settings_.hosts.end(), is_local)) {
    return;
  }
  options_.warning(source,
                   "leads to another machine, and the server is not "
                   "authenticated; set sslmode=verify-full and sslrootcert");
}

bool is_word_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_';
}

// A secret of one or two letters is part of many words that have nothing to do
// with it.
bool stands_alone(std::string_view text, std::size_t at,
                  std::size_t size) noexcept {
  return (at == 0 || !is_word_character(text[at - 1])) &&
         (at + size == text.size() || !is_word_character(text[at + size]));
}

}  // namespace

PostgresSettings::~PostgresSettings() {
  for (std::string& secret : secrets) wipe(&secret);
  for (auto& [keyword, value] : parameters) wipe(&value);
}

Status read_postgres_settings(Options& options, PostgresSettings* settings) {
  *settings = PostgresSettings();
  return Reader(options, settings).run();
}

std::string hide_secrets(const PostgresSettings& settings,
                         std::string_view message) {
  constexpr std::string_view kHidden = "***";
  constexpr std::size_t kShort = 3;
  std::string shown(message);
  for (const std::string& secret : settings.secrets) {
    for (std::size_t at = shown.find(secret); at != std::string::npos;
         at = shown.find(secret, at)) {
      if (secret.size() <= kShort && !stands_alone(shown, at, secret.size())) {
        ++at;
      } else {
        shown.replace(at, secret.size(), kHidden);
        at += kHidden.size();
      }
    }
  }
  return shown;
}

}  // namespace stogger
