// SPDX-License-Identifier: Apache-2.0
// Whatever a user names: each of these would have us wait, or read without an end. One clear error instead.
#include "harness/os/named_path.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>

#include "harness/os/error.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class NamedPath : public testing::Test {
 protected:
  NamedPath() {
    EXPECT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
    fs::create_directory(at("folder"));
    put("file", "text");
    fs::create_symlink(at("loop"), at("loop"));
    fs::create_symlink(at("nothing"), at("dangling"));
    fs::create_symlink(at("file"), at("link"));
    fs::create_symlink(at("fifo"), at("to_fifo"));
  }
  std::string at(const std::string& name) const { return folder_.path() / name; }
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }
  template <typename Body>
  static std::string refusal(Body body) {
    try {
      body();
    } catch (const UsageError& error) {
      EXPECT_NE(error.hint(), "") << error.what();
      return error.what();
    }
    return "accepted";
  }
  static std::string of_reading(const fs::path& path, Bytes longest = kLongestText) {
    try {
      read_plain_file(path, longest);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  static std::string of_option(const fs::path& path) {
    return refusal([&] { read_named_file("--x", path, "name a file"); });
  }

  test::TemporaryFolder folder_;
};

TEST_F(NamedPath, PlainFilesAreReadWhole) {
  const std::string text(200'000, 'x');
  EXPECT_EQ(read_plain_file(put("plain", text)), text);
  EXPECT_EQ(read_plain_file(at("link")), "text");
  EXPECT_EQ(read_plain_file(put("empty", "")), "");
}

TEST_F(NamedPath, EverythingElseIsRefusedByWhatItIs) {
  EXPECT_EQ(of_reading(at("fifo")), at("fifo") + ": a FIFO, not a file");
  EXPECT_EQ(of_reading(at("to_fifo")), at("to_fifo") + ": a FIFO, not a file");
  EXPECT_EQ(of_reading("/dev/zero"), "/dev/zero: a device, not a file");
  EXPECT_EQ(of_reading(at("folder")), at("folder") + ": a folder, not a file");
  EXPECT_EQ(of_reading(at("loop")), "open " + at("loop") + ": Too many levels of symbolic links");
  EXPECT_EQ(of_reading(at("none")), "open " + at("none") + ": No such file or directory");
  const std::string longest = at(std::string(300, 'x'));
  EXPECT_EQ(of_reading(longest), "open " + longest + ": File name too long");
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, at("socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(of_reading(at("socket")), at("socket") + ": a socket, not a file");
}

TEST_F(NamedPath, NoMoreIsReadThanMakesSense) {
  const fs::path file = put("large", std::string(1000, 'x'));
  EXPECT_EQ(read_plain_file(file, {1000}).size(), 1000u);
  EXPECT_EQ(of_reading(file, {999}), at("large") + ": longer than 999 B, not a file of tlbstorm");
  fs::resize_file(file, std::uintmax_t{1} << 40);
  EXPECT_EQ(of_reading(file), at("large") + ": longer than 256 MiB, not a file of tlbstorm");
  EXPECT_THAT(of_option(file), HasSubstr("--x " + at("large") + ": longer than 1 MiB"));
}

TEST_F(NamedPath, FileOfAnOptionIsRefusedAsItsValue) {
  EXPECT_EQ(read_named_file("--x", put("plain", "é\n"), "name a file"), "é\n");
  EXPECT_EQ(of_option(put("latin", "\xe9\n")), "--x " + at("latin") + ": not a text in UTF-8");
  EXPECT_EQ(of_option(at("none")), "--x " + at("none") + ": No such file or directory");
  for (const std::string& path : {at("fifo"), at("folder"), at("loop"), at("dangling"), at("file") + "/below",
                                  std::string("/dev/zero"), at(std::string(300, 'x'))})
    EXPECT_THAT(of_option(path), HasSubstr("--x " + path + ": "));
}

TEST_F(NamedPath, FolderIsThereOrCanBeMade) {
  EXPECT_EQ(nearest_folder("--x", at("folder")), at("folder"));
  EXPECT_EQ(nearest_folder("--x", at("folder/new/newer")), at("folder"));
  EXPECT_EQ(nearest_folder("--x", at("new/")), folder_.path());
}

TEST_F(NamedPath, NothingElseStandsInAFoldersPlace) {
  for (const std::string& path : {at("fifo"), at("file"), at("file/below"), at("loop"), at("loop/below"),
                                  at("dangling"), std::string("/dev/null"), at(std::string(300, 'x'))})
    EXPECT_THAT(refusal([&] { nearest_folder("--x", path); }), HasSubstr("--x " + path + ": "));
}

TEST_F(NamedPath, NewFileTakesNoPlaceOfWhatIsNoFile) {
  EXPECT_EQ(refusal([&] { check_place_of_file("--x", at("new")); }), "accepted");
  EXPECT_EQ(refusal([&] { check_place_of_file("--x", at("file")); }), "accepted");
  for (const std::string& path : {at("fifo"), at("folder"), at("loop"), at("link"), at("file/below"),
                                  at("missing/new"), std::string("/dev/null"), std::string("/dev/stdout")})
    EXPECT_THAT(refusal([&] { check_place_of_file("--x", path); }), HasSubstr("--x " + path + ": "));
}

TEST_F(NamedPath, WritableIsWhatTakesDataNow) {
  for (const std::string& path : {at("new"), at("file"), std::string("/dev/null")})
    EXPECT_EQ(refusal([&] { check_writable("--x", path); }), "accepted") << path;
  EXPECT_FALSE(fs::exists(at("new"))) << "it was made";
  for (const std::string& path : {at("fifo"), at("folder"), at("loop"), at("missing/new")})
    EXPECT_THAT(refusal([&] { check_writable("--x", path); }), HasSubstr("--x " + path + ": "));
  const Fd reader(::open(at("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(refusal([&] { check_writable("--x", at("fifo")); }), "accepted") << "it has a reader now";
}

TEST_F(NamedPath, LinkThatLeadsNowhereIsThere) {
  EXPECT_TRUE(is_there("--x", at("dangling")));
  EXPECT_TRUE(is_there("--x", at("loop")));
  EXPECT_FALSE(is_there("--x", at("missing")));
  EXPECT_THAT(refusal([&] { require_there("--x", at("missing"), "name one"); }),
              HasSubstr("there is nothing"));
  for (const std::string& path : {at("fifo"), at("loop"), at("dangling"), std::string("/dev/zero")})
    EXPECT_THAT(refusal([&] { require_there("--x", path, "name one"); }), HasSubstr("--x " + path + ": "));
  for (const std::string& path : {at("file"), at("folder"), at("link")})
    EXPECT_EQ(refusal([&] { require_there("--x", path, "name one"); }), "accepted");
}

}  // namespace
}  // namespace tlbstorm::os
