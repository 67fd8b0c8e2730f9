// The examples of docs/formats/spool.md are what the library writes.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/uuid.h"
#include "event/event_record.h"
#include "spool/segment.h"
#include "tests/support/made_queue.h"
#include "tests/support/temp_folder.h"

namespace stogger {
namespace {

// As `hexdump -C` prints it.
std::string dump(std::string_view bytes) {
  constexpr std::size_t kRow = 16;
  std::string out;
  std::string_view before;
  bool is_same = false;
  char text[32];
  for (std::size_t at = 0; at < bytes.size(); at += kRow) {
    const std::string_view row = bytes.substr(at, kRow);
    const bool repeats = row == before;
    if (repeats && !is_same) out += "*\n";
    is_same = repeats;
    if (repeats) continue;
    before = row;
    std::snprintf(text, sizeof text, "%08zx ", at);
    out += text;
    for (std::size_t i = 0; i < kRow; ++i) {
      out += i == 8 ? "  " : " ";
      if (i < row.size()) {
        std::snprintf(text, sizeof text, "%02x",
                      static_cast<unsigned char>(row[i]));
      }
      out += i < row.size() ? text : "  ";
    }
    out += "  |";
    for (const char c : row) out += c >= ' ' && c <= '~' ? c : '.';
    out += "|\n";
  }
  std::snprintf(text, sizeof text, "%08zx\n", bytes.size());
  return out + text;
}

// The block of the document that begins with this line.
std::string block(const std::string& first_line) {
  const std::string document =
      read_file(std::string(STOGGER_SOURCE_DIR) + "/docs/formats/spool.md");
  const std::size_t at = document.find("\n" + first_line + "\n```text\n");
  if (at == document.npos) return "there is no such block";
  const std::size_t begin = document.find("```text\n", at) + 8;
  return document.substr(begin, document.find("```", begin) - begin);
}

// The event of the examples, as a record.
std::vector<std::byte> example_event() {
  const Field fields[] = {{"user_id", 42}, {"from", "mars"}};
  Event event;
  event.time = Time{1795225168656642000};
  event.level = Level::info;
  event.name = "user-login";
  event.where = {"login", "http.cc", 17};
  event.func = Value(event.where.function);
  event.fields = fields;
  event.field_count = 2;
  event.raw_size = 54;
  std::vector<std::byte> bytes(record_size(event));
  write_record(event, bytes.size(), bytes.data());
  return bytes;
}

QueueId example_queue() {
  QueueId queue;
  EXPECT_TRUE(read_uuid("019a9c8a-5f50-7e1c-9c3f-1b2d5e7a9046", queue));
  return queue;
}

TEST(SpoolFormat, TheEventOfTheDocumentIsWhatIsWritten) {
  const std::vector<std::byte> event = example_event();
  EXPECT_EQ(dump({reinterpret_cast<const char*>(event.data()), event.size()}),
            block("<!-- an event record -->"));
}

TEST(SpoolFormat, TheSegmentOfTheDocumentIsWhatIsWritten) {
  Buffer segment;
  append_segment_head(segment, example_queue(), 4096);
  append_segment_record(segment, {as_bytes("payload"), 4112});
  EXPECT_EQ(dump(segment.view()), block("<!-- a segment -->"));
}

TEST(SpoolFormat, TheRingOfTheDocumentIsWhatIsWritten) {
  const TempFolder folder;
  MadeQueue queue(folder.file("spool"));
  queue.add(as_bytes("first"));
  queue.add(as_bytes("second"));
  queue.deliver(1);
  queue.begin(16);
  std::string ring = read_file(queue.path() + "/ring");
  // What is another one each time.
  const QueueId id = example_queue();
  std::memcpy(ring.data() + SpoolHeader::kOffset + 8, id.data(), id.size());
  constexpr std::string_view kBoot = "8f0f7a3e-52d4-4f5e-9d3c-6a1b2c3d4e5f";
  std::memcpy(ring.data() + SpoolHeader::kOffset + 24, kBoot.data(),
              kBoot.size());
  const std::uint64_t inode = 131072;
  std::memcpy(ring.data() + SpoolHeader::kOffset + 64, &inode, sizeof inode);
  EXPECT_EQ(dump(ring), block("<!-- a ring -->"));
}

}  // namespace
}  // namespace stogger
