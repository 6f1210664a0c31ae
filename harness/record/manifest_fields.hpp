// SPDX-License-Identifier: Apache-2.0
// What the fields of a manifest are called on the disk, a line each. A field that is added keeps old folders
// readable; one that changes its name or meaning asks what io.schema() it is. Described in results/README.md.
#pragma once

#include "harness/os/privileges.hpp"
#include "harness/record/manifest.hpp"
#include "harness/record/manifest_io.hpp"
#include "harness/record/schema.hpp"
#include "harness/trial/options.hpp"

namespace tlbstorm::record {

struct Described {
  static constexpr bool is_described = true;
};

template <>
struct Fields<Tool> : Described {
  static void of(auto& io, Tool& tool) {
    io("name", tool.name);
    io("version", tool.version);
    io.unless_empty("command", tool.command);
  }
};

template <>
struct Fields<trial::OwnFigure> : Described {
  static void of(auto& io, trial::OwnFigure& figure) {
    static constexpr std::array<std::string_view, 3> kBetter{"lower", "higher", "-"};
    io.needed("name", figure.name);
    io("unit", figure.unit);
    io("better", ByName<trial::Better>{figure.better, kBetter});
    io("meaning", figure.meaning);
  }
};

template <>
struct Fields<FlushRecord> : Described {
  static void of(auto& io, FlushRecord& flush) {
    io("text", flush.text);
    io("hypervisor", flush.hypervisor);
    io("paravirt_offered", flush.paravirt_offered);
  }
};

template <>
struct Fields<ColumnRecord> : Described {
  static void of(auto& io, ColumnRecord& column) {
    io.needed("name", column.name);
    io("unit", column.unit);
    io("kind", column.kind);
  }
};

template <>
struct Fields<AbsentProbeRecord> : Described {
  static void of(auto& io, AbsentProbeRecord& absent) {
    io("probe", absent.probe);
    io("reason", absent.reason);
    io("remedy", absent.remedy);
    io("idle", absent.idle);
  }
};

template <>
struct Fields<ReadingRecord> : Described {
  static void of(auto& io, ReadingRecord& reading) {
    io("read_us", reading.read_us);
    io("every_samples", reading.every_samples);
    io(io.schema() < kFindingsSchema ? "dear" : "expensive", reading.expensive);
  }
};

template <>
struct Fields<SamplingRecord> : Described {
  static void of(auto& io, SamplingRecord& sampling) {
    io("samples", sampling.samples);
    io("late", sampling.late);
    io("dropped", sampling.dropped);
    io("mean_us", sampling.mean_us);
    io("longest_us", sampling.longest_us);
    io("probes", sampling.probes);
  }
};

template <>
struct Fields<WrongPages> : Described {
  static void of(auto& io, WrongPages& wrong) {
    io("count", wrong.count);
    io("first", wrong.first);
  }
};

template <>
struct Fields<Absence> : Described {
  static void of(auto& io, Absence& absence) {
    io("metric", absence.metric);
    io("reason", absence.reason);
  }
};

template <>
struct Fields<os::Finding> : Described {
  static void of(auto& io, os::Finding& finding) {
    if (io.schema() < kFindingsSchema) {
      static constexpr std::array<std::string_view, 4> kVerdicts{"ok", "", "invalid", "unknown"};
      io("check", finding.id);
      io("verdict", ByName<os::Grade>{finding.grade, kVerdicts});
      io("detail", finding.found);
      if (finding.id == "stolen_time") finding.id = "steal";
      return;
    }
    io("id", finding.id);
    io("grade", ByName<os::Grade>{finding.grade, os::kGradeNames});
    io("found", finding.found);
    io.unless_empty("wanted", finding.wanted);
    io.unless_empty("why", finding.why);
    io.unless_empty("source", finding.source);
    io.unless_empty("fix", finding.fix);
    io.unless_empty("evidence", finding.evidence);
    io("decides", finding.decides);
  }
};

template <>
struct Fields<TrialRecord> : Described {
  static void of(auto& io, TrialRecord& trial) {
    io.needed("trial", trial.trial);
    io("outcome", ByNameOr<trial::Outcome>{trial.outcome, trial::kOutcomeNames, "running"});
    if (!io.reads() && !trial.outcome) return;  // it has only begun
    io.unless_empty("reason", trial.reason);
    io("kind", ByName<trial::TrialKind>{trial.kind, trial::kTrialKindNames});
    io("valid", trial.valid);
    io.unless_empty("reclaim_source", trial.reclaim_source);
    io.unless_empty("timing_overhead_ns", trial.timing_overhead_ns);
    if (io.reads() || trial.wrong_pages.count > 0) io("wrong_pages", trial.wrong_pages);
    io("notes", trial.notes);
    io("checks", trial.checks);
    io("absent", trial.absent);
    io.unless_empty("tlb_ipis_by_phase", trial.tlb_ipis_by_phase);
    io.unless_empty("probes", trial.probes);
    io.unless_empty("instrument", trial.instrument);
    io("sampling", trial.sampling);
  }
};

template <>
struct Fields<Writer> : Described {
  static void of(auto& io, Writer& writer) {
    io("boot_id", writer.boot_id);
    io("pid", writer.pid);
    io("started", writer.started);
  }
};

/// The plan and what the workload says of itself are one object.
struct PlanObject {
  trial::Plan& plan;
  WorkloadRecord& workload;
};

/// The fields of a plan that options fill, by the rows of the options.
void option_fields(auto& io, trial::Plan& plan) {
  for (const trial::Option& option : trial::run_options()) {
    const std::string& key = option.key.empty() ? option.name : option.key;
    const double unit = key.ends_with("_ns") ? 1.0 : key.ends_with("_us") ? 1e3 : 1e9;
    const auto keep = [&]<typename Field>(Field field) {
      using std::is_same_v;
      if constexpr (is_same_v<Field, std::monostate>) {
        return;
      } else if constexpr (is_same_v<Field, os::Nanoseconds trial::Plan::*>) {
        io(key, AsNumber{plan.*field, unit});
      } else if constexpr (is_same_v<Field, std::optional<os::Nanoseconds> trial::Plan::*>) {
        io(key, AsNumberOrNull{plan.*field, unit});
      } else if constexpr (is_same_v<Field, trial::Mode trial::Plan::*>) {
        static constexpr std::array<std::string_view, 2> kModes{"threads", "processes"};
        io(key, ByName<trial::Mode>{plan.*field, kModes});
      } else if constexpr (is_same_v<Field, trial::Explain trial::Plan::*>) {
        io(key, ByName<trial::Explain>{plan.*field, trial::kExplainNames});
      } else if constexpr (is_same_v<Field, trial::Outcome trial::Plan::*>) {
        io(key, ByName<trial::Outcome>{plan.*field, trial::kOutcomeNames});
      } else if constexpr (is_same_v<Field, std::vector<trial::SwapRequest> trial::Plan::*>) {
        std::vector<std::string> areas;
        for (const trial::SwapRequest& request : plan.*field) areas.push_back(request.text);
        io(key, areas);
        if (!io.reads()) return;
        for (const std::string& text : areas)
          (plan.*field).emplace_back().text = text;  // all that is known of it
      } else if constexpr (is_same_v<Field, std::vector<trial::Setting> trial::Plan::*>) {
        std::map<std::string, std::string> settings;
        for (const auto& [file, value] : plan.*field) settings[file.native()] = value;
        io(key, settings);
        if (io.reads()) (plan.*field).assign(settings.begin(), settings.end());
      } else {
        io(key, plan.*field);
      }
    };
    std::visit(keep, option.field);
  }
}

template <>
struct Fields<PlanObject> : Described {
  static void of(auto& io, PlanObject& object) {
    auto& [plan, workload] = object;
    io("workload", plan.workload);
    io("summary", workload.summary);
    io("operation", workload.operation);
    io("pacing", workload.pacing);
    io.unless_empty("primary", workload.primary);
    io("figures", workload.figures);
    io("capabilities", workload.capabilities);
    std::map<std::string, std::string> parameters = plan.parameters.values();
    std::vector<std::string> sizes = plan.parameters.sizes();
    io("parameters", parameters);
    io("sizes", sizes);
    if (io.reads()) plan.parameters = trial::Parameters::recorded(parameters, sizes);
    option_fields(io, plan);
    io("cpus", plan.cpus);
    io("bystander_cpus", plan.bystander_cpus);
    io("notes", plan.notes);
  }
};

template <>
struct Fields<RunManifest> : Described {
  static void of(auto& io, RunManifest& run) {
    io.needed("schema", run.schema);
    io("tool", run.tool);
    io.unless_empty("lock", run.lock);
    io.unless_empty("occasion", run.occasion);
    io("rung", run.rung);
    io("repeat", run.repeat);
    io("writer", run.writer);
    io("state", ByName<RunState>{run.state, kRunStateNames});
    io.unless_empty("reason", run.reason);
    io("started", run.started);
    io.unless_empty("ended", run.ended);
    io.needed("plan", PlanObject{run.plan, run.workload});
    io("machine", InOrder{run.machine});
    io("flush", run.flush);
    io("topology", run.topology);
    io("memory_bytes", run.memory);
    io("columns", run.columns);
    io("absent_probes", run.absent_probes);
    io.unless_empty("outcomes", run.outcomes);
    io.unless_empty("not_undone", run.not_undone);
    if (!io.reads()) return;  // trials are lines of their own
    if (io.schema() < kFindingsSchema)
      io.needed("trials", run.trials);
    else
      io("trials", run.trials);
  }
};

template <>
struct Fields<BatchRecord> : Described {
  static void of(auto& io, BatchRecord& entry) {
    io.needed("name", entry.name);
    io.unless_empty("point", entry.point);
    io("value", entry.value);
    io("command", entry.command);
    io("state", entry.state);
    io("reason", entry.reason);
  }
};

template <>
struct Fields<BatchManifest> : Described {
  static void of(auto& io, BatchManifest& batch) {
    io("schema", batch.schema);
    io("tool", batch.tool);
    io("kind", batch.kind);
    io("name", batch.name);
    io("about", batch.about);
    io.needed("entries", batch.entries);
  }
};

}  // namespace tlbstorm::record
