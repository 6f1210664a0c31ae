// SPDX-License-Identifier: Apache-2.0
// Whatever a user names: no waiting, and one clear error.
#include "harness/os/named_path.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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
    std::ofstream(at("file")) << "text";
    fs::create_symlink(at("loop"), at("loop"));
    fs::create_symlink(at("nothing"), at("dangling"));
    fs::create_symlink(at("file"), at("link"));
  }
  std::string at(const std::string& name) const { return folder_.path() / name; }
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

  test::TemporaryFolder folder_;
};

TEST_F(NamedPath, FileIsRead) {
  EXPECT_EQ(read_named_file("--x", at("file")), "text");
  EXPECT_EQ(read_named_file("--x", at("link")), "text");
}

TEST_F(NamedPath, WhatIsNoFileIsNotOpened) {
  for (const std::string& path : {at("fifo"), at("folder"), at("loop"), at("dangling"), at("missing"),
                                  at("file") + "/below", std::string("/dev/zero"), at(std::string(300, 'x'))})
    EXPECT_THAT(refusal([&] { read_named_file("--x", path); }), HasSubstr("--x " + path + ": "));
}

TEST_F(NamedPath, EndlessFileIsNotReadToItsEnd) {
  ASSERT_EQ(::truncate(at("file").c_str(), off_t{1} << 40), 0);
  EXPECT_THAT(refusal([&] { read_named_file("--x", at("file")); }), HasSubstr("more than 1 MiB"));
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
                                  std::string("/dev/null"), std::string("/dev/stdout")})
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
