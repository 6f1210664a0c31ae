// SPDX-License-Identifier: Apache-2.0
// Whatever a user names: each of these would have us wait, or read without an end.
#include "harness/os/user_file.hpp"

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

class UserFile : public ::testing::Test {
 protected:
  fs::path at(const std::string& name) const { return folder_.path() / name; }
  fs::path put(const std::string& name, const std::string& text) const {
    std::ofstream(at(name), std::ios::binary) << text;
    return at(name);
  }
  template <typename Body>
  std::string complaint(Body body) const {
    try {
      body();
    } catch (const Error& error) {
      std::string text = error.what();
      if (const auto found = text.find(folder_.path().native()); found != std::string::npos)
        text.erase(found, folder_.path().native().size() + 1);
      return text;
    }
    return "";
  }
  std::string of_reading(const fs::path& path) const {
    return complaint([&] { read_user_text(path); });
  }
  const test::TemporaryFolder folder_;
};

TEST_F(UserFile, PlainFilesAreReadWhole) {
  const std::string text(200'000, 'x');
  EXPECT_EQ(read_user_text(put("plain", text)), text);
  fs::create_symlink("plain", at("link"));
  EXPECT_EQ(read_user_text(at("link")), text);
  EXPECT_EQ(read_user_text(put("empty", "")), "");
}

TEST_F(UserFile, EverythingElseIsRefusedByWhatItIs) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  EXPECT_EQ(of_reading(at("fifo")), "fifo: a FIFO, not a file");
  fs::create_symlink("fifo", at("to_fifo"));
  EXPECT_EQ(of_reading(at("to_fifo")), "to_fifo: a FIFO, not a file");
  EXPECT_EQ(of_reading("/dev/zero"), "/dev/zero: a device, not a file");
  fs::create_directory(at("folder"));
  EXPECT_EQ(of_reading(at("folder")), "folder: a folder, not a file");
  fs::create_symlink("loop", at("loop"));
  EXPECT_EQ(of_reading(at("loop")), "open loop: Too many levels of symbolic links");
  EXPECT_EQ(of_reading(at("none")), "open none: No such file or directory");
  EXPECT_EQ(of_reading(at(std::string(300, 'x'))), "open " + std::string(300, 'x') + ": File name too long");
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, at("socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(of_reading(at("socket")), "socket: a socket, not a file");
}

TEST_F(UserFile, NoMoreIsReadThanMakesSense) {
  const fs::path file = put("large", std::string(1000, 'x'));
  EXPECT_EQ(read_user_text(file, {1000}).size(), 1000u);
  EXPECT_EQ(complaint([&] { read_user_text(file, {999}); }),
            "large: longer than 999 B, not a file of tlbstorm");
  fs::resize_file(file, std::uintmax_t{1} << 40);
  EXPECT_EQ(of_reading(file), "large: longer than 256 MiB, not a file of tlbstorm");
}

TEST_F(UserFile, FileOfAnOptionIsRefusedAsItsValue) {
  EXPECT_EQ(read_option_text("--rules", put("plain", "é\n"), ""), "é\n");
  const auto refused = [&](const fs::path& path) {
    try {
      read_option_text("--rules", path, "name a file");
    } catch (const UsageError& error) {
      EXPECT_EQ(error.hint(), "name a file");
      return complaint([&] { throw Error(error.what()); });
    }
    return std::string();
  };
  EXPECT_EQ(refused(at("none")), "--rules none: No such file or directory");
  EXPECT_EQ(refused("/dev/null"), "--rules /dev/null: a device, not a file");
  EXPECT_EQ(refused(put("latin", "\xe9\n")), "--rules latin: not a text in UTF-8");
}

}  // namespace
}  // namespace tlbstorm::os
