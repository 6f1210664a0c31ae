// SPDX-License-Identifier: Apache-2.0
#include "harness/machine/exited_tasks.hpp"

#include <linux/taskstats.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/os/fd.hpp"
#include "harness/os/text.hpp"

namespace tlbstorm::machine {
namespace {

struct FreeMessage {
  void operator()(nl_msg* message) const { ::nlmsg_free(message); }
};

std::chrono::microseconds microseconds(__u64 count) {
  return std::chrono::microseconds(static_cast<std::int64_t>(count));
}

/// A task that has ended is told in an attribute of its own; the sums of its process in another.
int keep_task(nl_msg* message, void* into) {
  std::array<nlattr*, TASKSTATS_TYPE_MAX + 1> outer{}, inner{};
  if (::genlmsg_parse(::nlmsg_hdr(message), 0, outer.data(), TASKSTATS_TYPE_MAX, nullptr) < 0) return NL_SKIP;
  nlattr* const of_task = outer[TASKSTATS_TYPE_AGGR_PID];
  if (of_task == nullptr || ::nla_parse_nested(inner.data(), TASKSTATS_TYPE_MAX, of_task, nullptr) < 0)
    return NL_SKIP;
  nlattr* const told = inner[TASKSTATS_TYPE_STATS];
  if (told == nullptr) return NL_SKIP;
  taskstats stats{};  // another kernel's may be shorter or longer
  std::memcpy(&stats, ::nla_data(told), std::min(sizeof stats, static_cast<std::size_t>(::nla_len(told))));
  TaskUse task;
  task.name.assign(stats.ac_comm, ::strnlen(stats.ac_comm, sizeof stats.ac_comm));
  task.tid = task.pid = static_cast<int>(stats.ac_pid);
  task.parent = static_cast<int>(stats.ac_ppid);
  // By ticks (ac_*), and exact where delays are accounted for (kernel.task_delayacct): kernel/delayacct.c.
  const os::Nanoseconds by_ticks = microseconds(stats.ac_utime) + microseconds(stats.ac_stime);
  task.used = std::max(by_ticks, os::Nanoseconds(static_cast<std::int64_t>(stats.cpu_run_virtual_total)));
  static_cast<std::vector<TaskUse>*>(into)->push_back(std::move(task));
  return NL_OK;
}

/// Whether the kernel tells of all CPUs' tasks from now on.
bool listens(nl_sock* socket) {
  constexpr int kRoom = 4 << 20;  // bytes, some thousand tasks
  ::nl_socket_disable_seq_check(socket);
  if (::genl_connect(socket) < 0) return false;
  ::setsockopt(::nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof kRoom);
  const int family = ::genl_ctrl_resolve(socket, TASKSTATS_GENL_NAME);
  const std::unique_ptr<nl_msg, FreeMessage> message(::nlmsg_alloc());
  const std::string cpus(os::trim(os::try_read_text("/sys/devices/system/cpu/possible").value_or("")));
  if (family < 0 || !message || cpus.empty()) return false;
  if (::genlmsg_put(message.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, TASKSTATS_CMD_GET,
                    TASKSTATS_GENL_VERSION) == nullptr ||
      ::nla_put_string(message.get(), TASKSTATS_CMD_ATTR_REGISTER_CPUMASK, cpus.c_str()) < 0)
    return false;
  return ::nl_send_auto(socket, message.get()) >= 0 && ::nl_wait_for_ack(socket) >= 0 &&
         ::nl_socket_set_nonblocking(socket) >= 0;
}

}  // namespace

void ExitedTasks::Close::operator()(nl_sock* socket) const { ::nl_socket_free(socket); }

ExitedTasks::ExitedTasks() : socket_(::nl_socket_alloc()) {
  if (socket_ && !listens(socket_.get())) socket_.reset();
}

std::vector<TaskUse> ExitedTasks::take() {
  std::vector<TaskUse> ended;
  if (!socket_) return ended;
  ::nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, &keep_task, &ended);
  constexpr int kMost = 100000;
  for (int i = 0; i < kMost; ++i) {
    const int got = ::nl_recvmsgs_default(socket_.get());
    if (got < 0 && got != -NLE_NOMEM) break;  // none left; NOMEM: some were lost
  }
  return ended;
}

}  // namespace tlbstorm::machine
