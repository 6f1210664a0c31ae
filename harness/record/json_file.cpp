// SPDX-License-Identifier: Apache-2.0
#include "harness/record/json_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/os/error.hpp"
#include "harness/os/named_path.hpp"
#include "harness/os/printable.hpp"
#include "harness/record/excerpt.hpp"

namespace tlbstorm::record {
namespace {

using nlohmann::ordered_json;

/// No recursion: how deep a file of others goes is up to them.
void make_printable(ordered_json& whole, const std::filesystem::path& file) {
  std::vector<ordered_json*> left{&whole};
  while (!left.empty()) {
    ordered_json& value = *left.back();
    left.pop_back();
    if (auto* const text = value.get_ptr<std::string*>()) *text = os::printable_line(*text);
    if (!value.is_structured()) continue;
    for (const auto& item : value.items())
      if (value.is_object() && os::printable_line(item.key()) != item.key())
        throw os::Error(
            fmt::format("{}: damaged, '{}' is not a key of tlbstorm", file.native(), excerpt(item.key())));
    for (ordered_json& inner : value) left.push_back(&inner);
  }
}

/// An ordered object looks through all of its keys for each that comes: a small file could take hours.
class KeyLimit {
 public:
  explicit KeyLimit(const std::filesystem::path& file) : file_(file) {}
  bool operator()(int /*depth*/, ordered_json::parse_event_t event, ordered_json& /*parsed*/) {
    constexpr std::size_t kMost = 20'000;  // a thousand CPUs have ten figures each
    if (event == ordered_json::parse_event_t::object_start) keys_.push_back(0);
    if (event == ordered_json::parse_event_t::object_end) keys_.pop_back();
    if (event == ordered_json::parse_event_t::key && ++keys_.back() > kMost)
      throw os::Error(fmt::format("{}: damaged, more than {} keys in one object", file_.native(), kMost));
    return true;
  }

 private:
  const std::filesystem::path& file_;
  std::vector<std::size_t> keys_;  ///< of the objects around
};

}  // namespace

ordered_json read_json(const std::filesystem::path& file, const std::string& hint) {
  return parse_json(os::read_plain_file(file), file, hint);
}

ordered_json parse_json(std::string_view text, const std::filesystem::path& file, const std::string& hint,
                        std::size_t first_line) {
  try {
    ordered_json json = ordered_json::parse(text, KeyLimit(file));
    make_printable(json, file);
    return json;
  } catch (const ordered_json::exception& error) {
    const auto* const at = dynamic_cast<const ordered_json::parse_error*>(&error);
    const std::size_t read = at == nullptr ? text.size() : std::min(at->byte, text.size());
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(read), '\n');
    throw os::Error(fmt::format("{}:{}: damaged, not JSON from here on", file.native(),
                                static_cast<std::size_t>(lines) + first_line),
                    hint);
  }
}

std::string json_text(const ordered_json& json) {
  return json.dump(2, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tlbstorm::record
