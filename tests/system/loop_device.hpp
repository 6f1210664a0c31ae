// SPDX-License-Identifier: Apache-2.0
// A block device over a file, detached when destroyed.
#pragma once

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace tlbstorm::test {

class LoopDevice {
 public:
  /// Makes `file` with `size` bytes of holes if it does not exist. why_not() tells if there is no device.
  LoopDevice(const std::filesystem::path& file, off_t size) : file_(file) {
    const int backing = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (size > 0 && ::ftruncate(backing, size) != 0) reason_ = "the file can't be made";
    const int control = ::open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    const int number = control >= 0 ? ::ioctl(control, LOOP_CTL_GET_FREE) : -1;
    if (control >= 0) ::close(control);
    if (number < 0) reason_ = "no loop devices here";
    path_ = "/dev/loop" + std::to_string(number);
    if (reason_.empty()) device_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    if (device_ >= 0 && ::ioctl(device_, LOOP_SET_FD, backing) != 0)
      reason_ = "the loop device can't be set up";
    if (device_ < 0) reason_ = "no loop devices here";
    if (backing >= 0) ::close(backing);
  }
  LoopDevice(const LoopDevice&) = delete;
  LoopDevice& operator=(const LoopDevice&) = delete;
  ~LoopDevice() {
    if (device_ < 0) return;
    ::ioctl(device_, LOOP_CLR_FD, 0);
    ::close(device_);
  }

  const std::string& path() const { return path_; }
  std::string name() const { return std::filesystem::path(path_).filename(); }
  const std::string& why_not() const { return reason_; }
  /// Cuts the device off, as a disk that is pulled: what lies behind gives I/O errors.
  void shrink(off_t size) const {
    loop_info64 info{};
    ::ioctl(device_, LOOP_GET_STATUS64, &info);
    info.lo_sizelimit = static_cast<std::uint64_t>(size);
    ::ioctl(device_, LOOP_SET_STATUS64, &info);
  }
  /// What was written behind `from` reads as zeros, without any error.
  void forget(off_t from) const {
    const int backing = ::open(file_.c_str(), O_RDWR | O_CLOEXEC);
    ::fallocate(backing, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, 1L << 30);
    ::close(backing);
  }

 private:
  std::filesystem::path file_;
  std::string path_;
  std::string reason_;
  int device_ = -1;
};

}  // namespace tlbstorm::test
