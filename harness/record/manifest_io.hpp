// SPDX-License-Identifier: Apache-2.0
// JSON from and to plain structs by one description of their fields, Fields<T>::of(io, value), which both
// directions follow. What is read is checked: of its type, in range; what is missing keeps the value that the
// struct begins with.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/os/clock.hpp"
#include "harness/os/error.hpp"
#include "harness/os/units.hpp"
#include "harness/record/excerpt.hpp"

namespace tlbstorm::record {

template <typename T>
struct Fields;

/// An enumeration by the names of its values; one without a name is not written.
template <typename Enum>
struct ByName {
  Enum& value;
  std::span<const std::string_view> names;
};
/// The same, where none has a word of its own.
template <typename Enum>
struct ByNameOr {
  std::optional<Enum>& value;
  std::span<const std::string_view> names;
  std::string_view none;
};
/// A time as a number of so many nanoseconds.
struct AsNumber {
  os::Nanoseconds& time;
  double unit;
};
struct AsNumberOrNull {
  std::optional<os::Nanoseconds>& time;
  double unit;
};
/// Texts by name, in their order.
struct InOrder {
  std::vector<std::pair<std::string, std::string>>& pairs;
};

/// Writes one object.
class JsonWriter {
 public:
  JsonWriter(nlohmann::ordered_json& object, int schema) : object_(object), schema_(schema) {}
  int schema() const { return schema_; }
  static constexpr bool reads() { return false; }

  template <typename T>
  void operator()(const std::string& key, T&& value) {
    object_[key] = write(value);
  }
  template <typename T>
  void needed(const std::string& key, T&& value) {
    object_[key] = write(value);
  }
  /// Left out where there is nothing in it.
  template <typename T>
  void unless_empty(const std::string& key, T&& value) {
    if (nlohmann::ordered_json json = write(value); !is_nothing(json)) object_[key] = std::move(json);
  }

 private:
  static bool is_nothing(const nlohmann::ordered_json& json) {
    return json.is_null() || ((json.is_string() || json.is_structured()) && json.empty()) ||
           (json.is_string() && json.get_ref<const std::string&>().empty()) ||
           (json.is_number() && json == 0);
  }
  template <typename T>
  nlohmann::ordered_json write(const T& value) const {
    if constexpr (requires { Fields<T>::is_described; }) {
      nlohmann::ordered_json object = nlohmann::ordered_json::object();
      JsonWriter inner(object, schema_);
      Fields<T>::of(inner,
                    const_cast<T&>(value));  // one description serves both directions; this one only looks
      return object;
    } else {
      return value;
    }
  }
  nlohmann::ordered_json write(const os::Bytes& value) const { return value.count; }
  template <typename T>
  nlohmann::ordered_json write(const std::optional<T>& value) const {
    return value ? write(*value) : nlohmann::ordered_json();
  }
  template <typename T>
  nlohmann::ordered_json write(const std::vector<T>& values) const {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const T& value : values) list.push_back(write(value));
    return list;
  }
  template <typename T>
  nlohmann::ordered_json write(const std::map<std::string, T>& values) const {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [key, value] : values) object[key] = write(value);
    return object;
  }
  template <typename Enum>
  nlohmann::ordered_json write(const ByName<Enum>& by) const {
    return by.names[static_cast<std::size_t>(by.value)];
  }
  template <typename Enum>
  nlohmann::ordered_json write(const ByNameOr<Enum>& by) const {
    return by.value ? by.names[static_cast<std::size_t>(*by.value)] : by.none;
  }
  nlohmann::ordered_json write(const AsNumber& as) const {
    if (as.unit == 1) return as.time.count();
    return static_cast<double>(as.time.count()) / as.unit;
  }
  nlohmann::ordered_json write(const AsNumberOrNull& as) const {
    return as.time ? write(AsNumber{*as.time, as.unit}) : nlohmann::ordered_json();
  }
  nlohmann::ordered_json write(const InOrder& in) const {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (const auto& [key, value] : in.pairs) object[key] = value;
    return object;
  }

  nlohmann::ordered_json& object_;
  int schema_;
};

/// Reads one object. Throws os::Error "FILE: damaged, plan.workers is not a whole number in range".
class JsonReader {
 public:
  JsonReader(const nlohmann::ordered_json& object, std::string file, int schema, std::string where = {})
      : object_(object), file_(std::move(file)), schema_(schema), where_(std::move(where)) {}
  int schema() const { return schema_; }
  static constexpr bool reads() { return true; }

  template <typename T>
  void operator()(const std::string& key, T&& value) {
    if (const auto found = object_.find(key); found != object_.end()) read(*found, way_to(key), value);
  }
  template <typename T>
  void unless_empty(const std::string& key, T&& value) {
    (*this)(key, value);
  }
  template <typename T>
  void needed(const std::string& key, T&& value) {
    if (!object_.contains(key)) damaged(way_to(key), "is missing");
    (*this)(key, value);
  }
  bool has(const std::string& key) const { return object_.contains(key); }
  [[noreturn]] void damaged(const std::string& where, const std::string& problem) const {
    throw os::Error(fmt::format("{}: damaged, {} {}", file_, excerpt(where), problem));
  }

 private:
  std::string way_to(const std::string& key) const {
    return where_.empty() ? key : fmt::format("{}.{}", where_, key);
  }
  void require(bool right, const std::string& where, const char* what) const {
    if (!right) damaged(where, fmt::format("is not {}", what));
  }
  static bool is_whole(const nlohmann::ordered_json& json, std::uint64_t most) {
    return json.is_number_integer() && (json.is_number_unsigned() || json.get<std::int64_t>() >= 0) &&
           json.get<std::uint64_t>() <= most;
  }

  using Json = nlohmann::ordered_json;
  void read(const Json& json, const std::string& where, std::string& value) const {
    require(json.is_string(), where, "a text");
    value = json.get<std::string>();
  }
  void read(const Json& json, const std::string& where, bool& value) const {
    require(json.is_boolean(), where, "true or false");
    value = json.get<bool>();
  }
  void read(const Json& json, const std::string& where, int& value) const {
    require(is_whole(json, std::numeric_limits<int>::max() - 1), where, "a whole number in range");
    value = json.get<int>();
  }
  void read(const Json& json, const std::string& where, std::uint64_t& value) const {
    require(is_whole(json, std::numeric_limits<std::uint64_t>::max()), where, "a whole number in range");
    value = json.get<std::uint64_t>();
  }
  void read(const Json& json, const std::string& where, std::int64_t& value) const {
    require(is_whole(json, std::numeric_limits<std::int64_t>::max()), where, "a whole number in range");
    value = json.get<std::int64_t>();
  }
  void read(const Json& json, const std::string& where, double& value) const {
    constexpr double kMost = 1e18;  // what a 64-bit count holds
    require(json.is_number() && std::abs(json.get<double>()) <= kMost, where, "a number in range");
    value = json.get<double>();
  }
  void read(const Json& json, const std::string& where, os::Bytes& value) const {
    read(json, where, value.count);
  }
  template <typename T>
  void read(const Json& json, const std::string& where, std::optional<T>& value) const {
    if (json.is_null()) return;
    read(json, where, value.emplace());
  }
  template <typename T>
  void read(const Json& json, const std::string& where, std::vector<T>& values) const {
    require(json.is_array(), where, "a list");
    values.clear();
    for (std::size_t i = 0; i < json.size(); ++i)
      read(json[i], fmt::format("{}[{}]", where, i), values.emplace_back());
  }
  template <typename T>
  void read(const Json& json, const std::string& where, std::map<std::string, T>& values) const {
    require(json.is_object(), where, "an object");
    for (const auto& [key, value] : json.items()) read(value, fmt::format("{}.{}", where, key), values[key]);
  }
  template <typename Enum>
  void read(const Json& json, const std::string& where, const ByName<Enum>& by) const {
    std::string text;
    read(json, where, text);
    for (std::size_t i = 0; i < by.names.size(); ++i)
      if (!text.empty() && by.names[i] == text) {
        by.value = static_cast<Enum>(i);
        return;
      }
    damaged(where, fmt::format("is '{}', not one of its words", excerpt(text)));
  }
  template <typename Enum>
  void read(const Json& json, const std::string& where, const ByNameOr<Enum>& by) const {
    if (json.is_string() && json.get_ref<const std::string&>() == by.none) return by.value.reset();
    read(json, where, ByName<Enum>{by.value.emplace(), by.names});
  }
  void read(const Json& json, const std::string& where, const AsNumber& as) const {
    constexpr double kMost = 9e18;  // ns: what their count holds
    double number = 0;
    read(json, where, number);
    require(std::abs(number * as.unit) <= kMost, where, "a number in range");
    as.time = os::Nanoseconds{std::llround(number * as.unit)};
  }
  void read(const Json& json, const std::string& where, const AsNumberOrNull& as) const {
    if (!json.is_null()) read(json, where, AsNumber{as.time.emplace(), as.unit});
  }
  void read(const Json& json, const std::string& where, const InOrder& in) const {
    require(json.is_object(), where, "an object");
    for (const auto& [key, value] : json.items())
      read(value, fmt::format("{}.{}", where, key), in.pairs.emplace_back(key, "").second);
  }
  template <typename T>
  requires requires { Fields<T>::is_described; }
  void read(const Json& json, const std::string& where, T& value) const {
    require(json.is_object(), where, "an object");
    JsonReader inner(json, file_, schema_, where);
    Fields<T>::of(inner, value);
  }

  const Json& object_;
  std::string file_;
  int schema_;
  std::string where_;
};

}  // namespace tlbstorm::record
