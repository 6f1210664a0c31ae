// SPDX-License-Identifier: Apache-2.0
#include "harness/os/mapping.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "harness/os/error.hpp"
#include "harness/os/process.hpp"
#include "tests/temporary_folder.hpp"

namespace tlbstorm::os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

void touch(const Mapping& mapping, std::size_t pages) {
  for (std::size_t page = 0; page < pages; ++page) *mapping.page(page) = std::byte{1};
}

/// mincore() tells whether a range is mapped at all: ENOMEM if not.
bool is_mapped(const std::byte* at) {
  unsigned char resident = 0;
  return ::mincore(const_cast<std::byte*>(at), page_size().count, &resident) == 0;
}

TEST(AnonymousMapping, UntouchedPagesAreNowhere) {
  const Mapping memory = Mapping::anonymous(page_size() * 32);
  EXPECT_EQ(memory.pages(), 32u);
  EXPECT_EQ(residency(memory).present, 0u);
}

TEST(AnonymousMapping, EveryTouchedPageIsPresentAndCached) {
  const Mapping memory = Mapping::anonymous(page_size() * 32);
  touch(memory, 32);
  const Residency found = residency(memory);
  EXPECT_EQ(found.present, 32u);
  EXPECT_EQ(found.cached, 32u);
}

TEST(AnonymousMapping, OneTouchMakesOneBasePageEvenInALargeRange) {
  const Mapping memory = Mapping::anonymous(8_MiB);
  *memory.page(memory.pages() / 2) = std::byte{1};
  EXPECT_EQ(residency(memory).present, 1u);
}

TEST(AnonymousMapping, CensusCountsMorePagesThanItAsksForAtATime) {
  const Mapping memory = Mapping::anonymous(page_size() * 5000);
  touch(memory, 4999);
  EXPECT_EQ(residency(memory).present, 4999u);
}

TEST(AnonymousMapping, IsUnmappedByItsLastOwnerOnly) {
  const std::byte* at = nullptr;
  {
    Mapping first = Mapping::anonymous(page_size());
    at = first.data();
    Mapping second = std::move(first);
    EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): what is left is what is tested
    first.reset();
    EXPECT_TRUE(is_mapped(at));
  }
  EXPECT_FALSE(is_mapped(at));
}

TEST(AnonymousMapping, TooMuchIsAnErrorThatNamesTheSize) {
  try {
    Mapping::anonymous(Bytes{std::uint64_t{1} << 60});
    FAIL() << "an exbibyte was mapped";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("mmap 1048576 TiB"));
    EXPECT_EQ(error.code(), ENOMEM);
  }
}

TEST(SharedMapping, ShowsWhatAChildWrites) {
  const Mapping memory = Mapping::shared(page_size());
  Child child = Child::fork(false, [&] {
    memory.bytes()[7] = std::byte{42};
    return 0;
  });
  ASSERT_TRUE(child.wait().clean());
  EXPECT_EQ(memory.bytes()[7], std::byte{42});
}

class FileMapping : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(file_) << std::string(page_size().count * kPages, 'x');
    fd_ = Fd::open(file_, O_RDWR);
  }
  static constexpr std::size_t kPages = 16;
  const test::TemporaryFolder folder_of_test_;
  const fs::path file_ = folder_of_test_.path() / "file";
  Fd fd_;
};

TEST_F(FileMapping, CachedPagesAreNotPresentBeforeTheyAreRead) {
  const Mapping mapping = Mapping::file(fd_, page_size() * kPages, false, file_);
  const Residency found = residency(mapping);
  EXPECT_EQ(found.present, 0u);
  EXPECT_EQ(found.cached, kPages);
}

TEST_F(FileMapping, WrittenMemoryIsTheFile) {
  const Mapping mapping = Mapping::file(fd_, page_size() * kPages, true, file_);
  *mapping.page(3) = std::byte{'y'};
  EXPECT_EQ(read_text(file_)[3 * page_size().count], 'y');
}

TEST_F(FileMapping, CleanPagesThatAreReclaimedAreGone) {
  if (::fsync(fd_.get()) != 0) GTEST_SKIP() << "the file system does not write back: " << errno_text(errno);
  const Mapping mapping = Mapping::file(fd_, page_size() * kPages, false, file_);
  for (std::size_t page = 0; page < kPages; ++page) ASSERT_EQ(*mapping.page(page), std::byte{'x'});
  ASSERT_EQ(residency(mapping).present, kPages);
  Residency left{.present = kPages, .cached = kPages};
  for (int attempt = 0; attempt < 100 && left.cached > 0; ++attempt) {  // a page may be on its way to the LRU
    if (::madvise(mapping.data(), mapping.size().count, MADV_PAGEOUT) != 0)
      GTEST_SKIP() << "no MADV_PAGEOUT: " << errno_text(errno);
    left = residency(mapping);
    if (left.cached > 0) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  if (left.cached == kPages) GTEST_SKIP() << "the temporary folder keeps its pages in memory";
  EXPECT_EQ(left.present, 0u);
  EXPECT_EQ(left.cached, 0u);
}

TEST_F(FileMapping, ErrorsNameTheFile) {
  const Fd read_only = Fd::open(file_, O_RDONLY);
  try {
    Mapping::file(read_only, page_size(), true, file_);
    FAIL() << "a file that may not be written was mapped for writing";
  } catch (const SystemError& error) {
    EXPECT_EQ(std::string(error.what()),
              fmt::format("mmap {} of {}: Permission denied", format_size(page_size()), file_.native()));
  }
}

}  // namespace
}  // namespace tlbstorm::os
