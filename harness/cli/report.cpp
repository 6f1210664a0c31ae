// SPDX-License-Identifier: Apache-2.0
// tlbstorm report: the summary of run folders, as `tlbstorm run` printed it, on any machine.
#include <CLI/CLI.hpp>
#include <iostream>

#include "harness/cli/command.hpp"
#include "harness/os/named_path.hpp"
#include "harness/record/batch.hpp"
#include "harness/report/batch_table.hpp"
#include "harness/report/summary.hpp"

namespace tlbstorm::cli {

int report(const Arguments& given) {
  return guarded([&] {
    CLI::App app("Prints the summary of run folders; needs nothing of the machine that made them",
                 "tlbstorm report");
    std::vector<std::string> folders;
    app.add_option("RUN", folders, "run folders")->required();
    parse(app, given);
    for (const std::string& folder : folders) os::require_there("RUN", folder, "name a run folder");
    for (const std::string& folder : folders)
      std::cout << (record::is_batch(folder) ? report::tabulate(record::read_batch(folder))
                                             : report::summarise(record::read_run(folder)));
    return kOk;
  });
}

}  // namespace tlbstorm::cli
