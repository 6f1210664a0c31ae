// SPDX-License-Identifier: Apache-2.0
#include "benches/csv_reporter.hpp"

#include <array>
#include <ostream>
#include <sstream>
#include <string>

namespace tlbstorm::benches {
namespace {

/// Every counter that a benchmark sets, but for those that have columns anyway.
constexpr std::array kCounters{
    "bytes",       "calls_per_thread", "columns",   "efficiency",  "faults_per_page", "flushes_sent_per_op",
    "ipis_per_op", "ipis_per_page",    "ns_per_op", "ns_per_page", "sharers_on_cpu",
};

// The library would like to be rid of it, in favour of a program that reads its JSON.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
std::unique_ptr<benchmark::BenchmarkReporter> make_library_reporter() {
  return std::make_unique<benchmark::CSVReporter>();
}
#pragma GCC diagnostic pop

}  // namespace

CsvReporter::CsvReporter() : library_(make_library_reporter()) {}

bool CsvReporter::ReportContext(const Context& context) {
  library_->SetErrorStream(&GetErrorStream());
  return library_->ReportContext(context);
}

void CsvReporter::ReportRuns(const std::vector<Run>& runs) {
  if (!has_header_) write_header();
  library_->SetOutputStream(&GetOutputStream());
  library_->ReportRuns(runs);
}

/// Of a run that has them all, which is not printed.
void CsvReporter::write_header() {
  has_header_ = true;
  Run all;
  for (const char* const name : kCounters) all.counters[name] = 0;
  std::stringstream text;
  library_->SetOutputStream(&text);
  library_->ReportRuns({all});
  std::string header;
  std::getline(text, header);
  GetOutputStream() << header << '\n';
}

}  // namespace tlbstorm::benches
