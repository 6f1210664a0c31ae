// SPDX-License-Identifier: Apache-2.0
#include "harness/os/swap_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/os/fd.hpp"
#include "harness/os/mapping.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::os {
namespace {

constexpr std::size_t kInfoAt = 1024;  // after the boot block
constexpr std::string_view kMagic = "SWAPSPACE2";
constexpr std::string_view kLabel = "tlbstorm";

struct Info {
  std::uint32_t version, last_page, bad_pages;
  std::array<unsigned char, 16> uuid;
  std::array<char, 16> label;
};

unsigned digit(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

}  // namespace

std::string new_uuid() {
  std::string uuid(trim(read_text("/proc/sys/kernel/random/uuid")));
  std::erase(uuid, '-');
  return uuid;
}

std::string make_swap_header(Bytes size, const std::string& uuid) {
  const std::size_t page = page_size().count;
  Info info{1, static_cast<std::uint32_t>(size.count / page - 1), 0, {}, {}};
  for (std::size_t i = 0; i < info.uuid.size(); ++i)
    info.uuid[i] = static_cast<unsigned char>(digit(uuid[2 * i]) << 4 | digit(uuid[2 * i + 1]));
  std::copy(kLabel.begin(), kLabel.end(), info.label.begin());
  std::string header(page, '\0');
  std::memcpy(header.data() + kInfoAt, &info, sizeof info);
  std::memcpy(header.data() + page - kMagic.size(), kMagic.data(), kMagic.size());
  return header;
}

std::string swap_header_uuid(std::string_view page) {
  if (page.size() < kInfoAt + sizeof(Info) || !page.ends_with(kMagic)) return "";
  Info info;
  std::memcpy(&info, page.data() + kInfoAt, sizeof info);
  if (std::string_view(info.label.data(), kLabel.size()) != kLabel) return "";
  std::string uuid;
  for (const unsigned char byte : info.uuid) uuid += fmt::format("{:02x}", byte);
  return uuid;
}

}  // namespace tlbstorm::os
