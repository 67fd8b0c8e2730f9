/* The interface between the library and a sink module: a shared object that is
   found at run time by the type of its sink. `type = "postgres"` loads
   stogger_postgres.so from the folders that docs/modules.md names, never from
   the working directory. A module is loaded once and never unloaded.

   It is C, so that the two sides may be built by different compilers with
   different standard libraries: no C++ type and no exception crosses it. A
   module written in C++ need not use it by hand: the sources in
   src/module/guest turn a stogger::SinkFactory into a module.

   A module exports one function:

     const stogger_module* stogger_module_entry(void);

   Structures only ever grow at their end. Each begins with, or is reached
   through one that begins with, its size in bytes as the other side knows it,
   so that what is new can be told from what is absent: each side accepts the
   structures of the first version of an ABI, whose sizes are the constants that
   end in FIRST_SIZE, and does without what came later. Anything else needs
   another STOGGER_MODULE_ABI.

   Texts are UTF-8, need not end in NUL, and live as long as the call they are
   passed to, unless said otherwise. */
#ifndef STOGGER_MODULE_H
#define STOGGER_MODULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STOGGER_MODULE_ABI 2u

typedef struct stogger_text {
  const char* data;
  size_t size;
} stogger_text;

/* A stogger::Value; `kind` is a stogger::Kind. */
typedef struct stogger_value {
  union {
    int64_t integer; /* boolean, integer, unsigned_integer (bits), time */
    double real;
    const char* text; /* text, json */
  } as;
  size_t size; /* text, json: bytes */
  uint32_t kind;
} stogger_value;

typedef struct stogger_column {
  stogger_text name;
  uint32_t kind;
} stogger_column;

/* A stogger::RowOrigin. */
typedef struct stogger_origin {
  uint8_t queue[16];
  const uint64_t* positions; /* of each row */
} stogger_origin;

/* A stogger::RowBatch. */
typedef struct stogger_rows {
  const stogger_column* columns;
  size_t column_count;
  const stogger_value* values; /* row after row */
  size_t row_count;
  int64_t now_ns;               /* since 1970, UTC */
  const stogger_origin* origin; /* null: none */
} stogger_rows;

/* A stogger::Tally. */
typedef struct stogger_tally {
  uint64_t written;
  uint64_t buffered;
} stogger_tally;

/* What went wrong, in memory of the caller: the callee writes at most
   `capacity` bytes to `data` and sets `size`. */
typedef struct stogger_message {
  char* data;
  size_t capacity;
  size_t size;
} stogger_message;

/* A stogger::Code; 0 is success. */
typedef uint32_t stogger_code;

/* The methods of stogger::Options, for the factory. Returned texts live until
   it returns. */
typedef struct stogger_options {
  uint32_t size;
  void* context; /* handed back to each function */
  int (*has)(void* context, stogger_text key);
  stogger_text (*text)(void* context, stogger_text key, stogger_text fallback);
  stogger_text (*required)(void* context, stogger_text key);
  int (*boolean)(void* context, stogger_text key, int fallback);
  int64_t (*integer)(void* context, stogger_text key, int64_t fallback,
                     int64_t least, int64_t most);
  double (*real)(void* context, stogger_text key, double fallback, double least,
                 double most);
  size_t (*choice)(void* context, stogger_text key, const stogger_text* names,
                   size_t name_count, size_t fallback);
  size_t (*list_size)(void* context, stogger_text key);
  stogger_text (*list_item)(void* context, stogger_text key, size_t index);
  void (*problem)(void* context, stogger_text key, stogger_text what);
  void (*warning)(void* context, stogger_text key, stogger_text what);
  stogger_code (*finish)(void* context, stogger_message* message);
  int (*has_problem)(void* context, stogger_text key);
  stogger_text type;
  stogger_text identifier;
  stogger_text sink_name;
  int for_samples;
  uint32_t reserved; /* 0: what comes next begins behind it */
  /* Not in the first version of this ABI. 0 behind the last member. */
  int (*table_item)(void* context, stogger_text key, size_t index,
                    stogger_text* name, stogger_text* text);
} stogger_options;
#define STOGGER_OPTIONS_FIRST_SIZE offsetof(stogger_options, table_item)

/* A stogger::CheckFindings. */
typedef struct stogger_findings {
  void* context; /* handed back to each function */
  void (*would_change)(void* context, stogger_text what);
  void (*warn)(void* context, stogger_text what);
  void (*not_checked)(void* context);
} stogger_findings;

/* A stogger::WriteReport. */
typedef struct stogger_write_report {
  uint32_t size;
  void* context; /* handed back to each function */
  void (*refuse)(void* context, size_t row, stogger_text reason);
  void (*in_doubt)(void* context, size_t row);
  void (*notice)(void* context, stogger_text what);
  /* Not in the first version of this ABI. */
  int64_t (*waited_ns)(void* context);
} stogger_write_report;
#define STOGGER_WRITE_REPORT_FIRST_SIZE \
  offsetof(stogger_write_report, waited_ns)

/* The methods of stogger::Sink, with its promises. `sink` is what make_sink()
   gave. */
typedef struct stogger_sink_methods {
  uint32_t size;
  stogger_code (*open)(void* sink, stogger_message* message);
  stogger_code (*check)(void* sink, const stogger_findings* findings,
                        stogger_message* message);
  stogger_code (*write)(void* sink, const stogger_rows* rows,
                        const stogger_write_report* report,
                        stogger_message* message);
  stogger_code (*flush)(void* sink, stogger_message* message);
  stogger_code (*close)(void* sink, stogger_message* message);
  void (*abandon)(void* sink);
  int (*recovered)(void* sink);
  uint32_t (*form)(void* sink); /* a stogger::RowForm */
  /* The columns live until the next call of open() or columns(). */
  size_t (*columns)(void* sink, const stogger_column** columns);
  int (*tally)(void* sink, stogger_tally* tally);
  stogger_text (*target)(void* sink); /* lives as long as the sink */
  void (*destroy)(void* sink);
  /* Not in the first version of this ABI. May be null. */
  stogger_code (*tick)(void* sink, int64_t now_ns,
                       const stogger_write_report* report,
                       stogger_message* message);
  int64_t (*deadline_ns)(void* sink);
} stogger_sink_methods;
#define STOGGER_SINK_METHODS_FIRST_SIZE offsetof(stogger_sink_methods, tick)

typedef struct stogger_module {
  uint32_t abi;  /* STOGGER_MODULE_ABI; read before anything else */
  uint32_t size; /* of this structure */
  /* The package's version, such as "0.2.0"; ends in NUL. */
  const char* version;
  /* A stogger::SinkFactory. */
  stogger_code (*make_sink)(const stogger_options* options, void** sink,
                            stogger_message* message);
  const stogger_sink_methods* methods;
} stogger_module;
#define STOGGER_MODULE_FIRST_SIZE sizeof(stogger_module)

typedef const stogger_module* (*stogger_module_entry_function)(void);
#define STOGGER_MODULE_ENTRY "stogger_module_entry"

#ifdef __cplusplus
}
#endif

#endif /* STOGGER_MODULE_H */
