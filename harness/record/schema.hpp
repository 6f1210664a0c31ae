// SPDX-License-Identifier: Apache-2.0
// The names of a run folder's files and columns: an interface, described in results/README.md. A change that
// a reader could stumble over needs a new version.
#pragma once

namespace tlbstorm::record {

inline constexpr int kSchemaVersion = 3;
/// The first schema with typed findings and trials as lines.
inline constexpr int kFindingsSchema = 3;

inline constexpr const char* kManifestFile = "run.json";
inline constexpr const char* kTrialLinesFile = "trials.jsonl";
inline constexpr const char* kBatchFile = "batch.json";
inline constexpr const char* kPointsFile = "points.csv";
inline constexpr const char* kTrialsFile = "trials.csv";
inline constexpr const char* kRoundsFile = "rounds.csv";
inline constexpr const char* kWorkersFile = "workers.csv";
inline constexpr const char* kSamplesFile = "samples.csv";
inline constexpr const char* kLatencyFile = "latency.csv";
inline constexpr const char* kBystandersFile = "bystanders.csv";
inline constexpr const char* kGapsFile = "gaps.csv";

inline constexpr const char* kPointsHeader = "entry,metric,unit,trials,median,min,max";
inline constexpr const char* kTrialsHeader = "trial,metric,unit,value";
inline constexpr const char* kRoundsHeader = "trial,round,metric,unit,value";
inline constexpr const char* kWorkersHeader = "trial,worker,figure,unit,value";
inline constexpr const char* kLatencyHeader = "trial,access,met,from_ns,to_ns,count";
inline constexpr const char* kBystandersHeader = "trial,bystander,figure,unit,value";
inline constexpr const char* kGapsHeader = "trial,from_ns,to_ns,count";
inline constexpr const char* kSamplesFirstColumns = "trial,phase,round,seconds";

}  // namespace tlbstorm::record
