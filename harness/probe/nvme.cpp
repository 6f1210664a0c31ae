// SPDX-License-Identifier: Apache-2.0
// Wear and health of NVMe disks, from their SMART log (NVM Express Base Specification 2.0, 5.16.1.3: SMART /
// Health Information, log identifier 02h), fetched by the driver's ioctl. A disk answers in milliseconds and
// changes its figures seldom: at phase edges only.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/nvme_ioctl.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"
#include "harness/probe/probe.hpp"

namespace tlbstorm::probe {
namespace {

namespace fs = std::filesystem;

using SmartLog = std::array<std::uint8_t, 512>;

bool fetch(const os::Fd& controller, SmartLog& log) noexcept {
  constexpr std::uint8_t kGetLogPage = 0x02;
  constexpr std::uint32_t kSmart = 0x02, kWholeController = 0xffffffff;
  nvme_admin_cmd command{};
  command.opcode = kGetLogPage;
  command.nsid = kWholeController;
  command.addr = reinterpret_cast<std::uintptr_t>(log.data());
  command.data_len = static_cast<std::uint32_t>(log.size());
  command.cdw10 = kSmart | static_cast<std::uint32_t>(log.size() / 4 - 1) << 16;  // dwords wanted, less one
  return ::ioctl(controller.get(), NVME_IOCTL_ADMIN_CMD, &command) == 0;
}

/// Little-endian; of the log's 128-bit counters the lower half.
double number(const SmartLog& log, std::size_t offset, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | log[offset + i];
  return static_cast<double>(value);
}

/// A figure of the log: where it stands and what turns it into the column's unit.
struct Field {
  const char* column;
  const char* unit;
  Kind kind;
  std::size_t offset;
  std::size_t bytes;
  double scale;
  double shift;
};
constexpr double kDataUnit = 512.0 * 1000;  // a data unit is 1000 blocks of 512 bytes
constexpr auto kFields = std::to_array<Field>(
    {{"temperature", "Celsius", Kind::gauge, 1, 2, 1, -273},  // it is in Kelvin
     {"used", "percent", Kind::gauge, 5, 1, 1, 0},            // of the life that the vendor expects
     {"read_bytes", "bytes", Kind::counter, 32, 8, kDataUnit, 0},
     {"written_bytes", "bytes", Kind::counter, 48, 8, kDataUnit, 0},
     {"media_errors", "errors", Kind::counter, 160, 8, 1, 0}});

class Nvme final : public Probe {
 public:
  void add(const std::string& name, os::Fd controller) {
    controllers_.push_back(std::move(controller));
    parts_.push_back({"the NVMe disk " + name});
    for (const Field& field : kFields)
      columns_.push_back({fmt::format("nvme.{}_{}", name, field.column), field.unit, field.kind});
  }

  void read(std::span<double> row) noexcept override {
    for (std::size_t i = 0; i < controllers_.size(); ++i) {
      const bool there = !parts_[i].gone && fetch(controllers_[i], log_);
      parts_[i].gone = !there;
      for (std::size_t f = 0; f < kFields.size(); ++f) {
        const Field& field = kFields[f];
        row[i * kFields.size() + f] =
            there ? number(log_, field.offset, field.bytes) * field.scale + field.shift : kAbsent;
      }
    }
  }

 private:
  std::vector<os::Fd> controllers_;
  SmartLog log_{};
};

std::vector<std::string> controller_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

Opened open(const Target& target) {
  const std::vector<std::string> names = controller_names(target.sys / "class/nvme");
  if (names.empty()) return Unavailable{"no NVMe disk here", "", true};
  auto probe = std::make_unique<Nvme>();
  SmartLog log{};
  for (const std::string& name : names) {
    os::Fd controller(::open(("/dev/" + name).c_str(), O_RDONLY | O_CLOEXEC));
    if (controller && fetch(controller, log)) probe->add(name, std::move(controller));
  }
  if (probe->columns().empty())
    return Unavailable{fmt::format("{} gives no SMART log", names.front()), "run as root"};
  return probe;
}

const RegisteredProbe registration{{"nvme",
                                    "NVMe disks: bytes read and written, wear, temperature, media errors",
                                    Cadence::edges_only, &open}};

}  // namespace
}  // namespace tlbstorm::probe
