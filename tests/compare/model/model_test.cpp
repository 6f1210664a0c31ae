// SPDX-License-Identifier: Apache-2.0
// What is fitted to which runs, what is said of it, and what can't be fitted.
#include "harness/compare/model/model.hpp"

#include <random>

#include "tests/compare/model/modelled_runs.hpp"
#include "tests/stats/reference.hpp"

namespace tlbstorm::compare {
namespace {

using test::around;
using test::MadeRun;
using test::run_of_ipis;
using test::Values;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ModelTest : public test::ModelledRunsTest {
 protected:
  static Model model_of(const std::vector<std::filesystem::path>& paths, const ModelOptions& options = {}) {
    return made(paths, options).parts.at(0).models.at(0);
  }
  std::string refused(const std::vector<std::filesystem::path>& paths,
                      const ModelOptions& options = {}) const {
    return complaint([&] { made(paths, options); });
  }
};

TEST_F(ModelTest, PriceOfAWorkerIsFoundByWhatDiffers) {
  const Model model = model_of(runs());
  EXPECT_EQ(model.formula(), "ipis_per_page = a + b * workers");
  EXPECT_EQ(model.unit, "IPIs/page");
  EXPECT_EQ(model.basis, Basis::trials);
  EXPECT_EQ(model.line.points(), 20u);
  EXPECT_NEAR(model.line.slopes()[0].value, 1, 1e-9);
  EXPECT_NEAR(model.line.constant().value, -1, 1e-9);
  EXPECT_EQ(model.farthest, "w2, trial 1");
  EXPECT_NEAR(model.farthest_by, 0.01, 1e-9);
}

TEST_F(ModelTest, RunsThatLieFurtherOffThanTheirTrialsExplainAreThePoints) {
  const Model model = model_of(runs(0.1));
  EXPECT_EQ(model.basis, Basis::medians);
  EXPECT_EQ(model.line.points(), 4u);
  EXPECT_EQ(model.line.degrees(), 2u);
  EXPECT_LT(model.scatter.p, 1e-6);
  EXPECT_THAT(model.why, HasSubstr("runs lie further off than their trials explain: "));
  const Model surer = model_of(runs(0));
  EXPECT_GT(model.line.slopes()[0].error, 10 * surer.line.slopes()[0].error);
}

TEST_F(ModelTest, OneTrialARunIsAPointARun) {
  const Model model = model_of({run(1, {0.1}), run(2, {1}), run(4, {3.1})});
  EXPECT_EQ(model.line.points(), 3u);
  EXPECT_EQ(model.why, "a trial a run");
  EXPECT_THAT(model.choice.better, stats::Form::undecided) << "of three places";
}

TEST_F(ModelTest, InvalidTrialsAreNoPoints) {
  MadeRun odd = run_of_ipis({15, 15.01, 99});
  odd.invalid(3);
  odd.manifest["plan"]["workers"] = 16;
  const Model model = model_of({run(2, {1, 1.01}), run(4, {3, 3.01}), put("odd", odd)});
  EXPECT_EQ(model.trials(), 6u);
  EXPECT_NEAR(model.line.slopes()[0].value, 1, 1e-6);
}

TEST_F(ModelTest, PlacesBeyondTheMeasuredAreSaidToBe) {
  const Model model = model_of(runs(), {.at = {"workers=256", "workers=8", "workers=1"}});
  ASSERT_THAT(model.forecasts, SizeIs(3));
  EXPECT_EQ(model.forecasts[0].place, "workers=256");
  EXPECT_NEAR(model.forecasts[0].line->value, 255, 1e-6);
  EXPECT_TRUE(model.forecasts[0].line->point.contains(255));
  EXPECT_TRUE(model.forecasts[0].power_law);
  EXPECT_THAT(model.forecasts[0].beyond, ElementsAre("16 times the largest measured, workers=16"));
  EXPECT_THAT(model.forecasts[1].beyond, IsEmpty());
  EXPECT_THAT(model.forecasts[2].beyond, ElementsAre("below the smallest measured, workers=2"));
}

TEST_F(ModelTest, FormsThatDoNotFitPredictNothing) {
  std::vector<std::filesystem::path> parabola;
  for (const int workers : {2, 3, 4, 5, 6, 7, 8, 9, 10}) {
    const double cost = 1 + (workers - 6) * (workers - 6);
    parabola.push_back(run(workers, {cost, 1.001 * cost}));
  }
  const Model model = model_of(parabola, {.at = {"workers=20"}});
  EXPECT_FALSE(model.any_fits());
  EXPECT_THAT(model.line_misfit, HasSubstr("the points bend, p = "));
  EXPECT_FALSE(model.forecasts.at(0).line);
  EXPECT_FALSE(model.forecasts.at(0).power_law);
  EXPECT_TRUE(model.forecasts.at(0).beyond.size() == 1 && !model.forecasts.at(0).far) << "twice the largest";
  EXPECT_TRUE(model_of(runs(), {.at = {"workers=65"}}).forecasts.at(0).far);
}

TEST_F(ModelTest, CombinationsThatNobodyMeasuredAreExtrapolationsToo) {
  const std::vector<std::filesystem::path> all{run(1, {1}, "1"), run(2, {2.1}, "2"), run(4, {4}, "4"),
                                               run(8, {8}, "8"), run(8, {8.1}, "7")};
  const ModelOptions options{.by = {"workers", "rounds"}, .at = {"workers=1,rounds=8", "rounds=4,workers=4"}};
  const Model model = model_of(all, options);
  EXPECT_THAT(model.forecasts.at(0).beyond, ElementsAre("no run has such workers and rounds together"));
  EXPECT_THAT(model.forecasts.at(1).beyond, IsEmpty());
  EXPECT_FALSE(model.power_law) << "of two terms there is none";
}

TEST_F(ModelTest, ChoosesBetweenLineAndPowerLaw) {
  const auto of = [&](double (*cost)(double)) {
    std::vector<std::filesystem::path> all;
    for (const int workers : {1, 2, 4, 8, 16}) all.push_back(run(workers, around(cost(workers), 5)));
    return model_of(all);
  };
  EXPECT_EQ(of([](double n) { return 10 + 2 * n; }).choice.better, stats::Form::line);
  const Model root = of([](double n) { return 3 * std::sqrt(n); });
  EXPECT_EQ(root.choice.better, stats::Form::power_law);
  EXPECT_TRUE(root.power_law->exponent.interval.contains(0.5));
  EXPECT_EQ(of([](double n) { return 2 * n; }).choice.better, stats::Form::undecided) << "it is both";
  EXPECT_FALSE(of([](double n) { return n - 1; }).power_law) << "there is none of zero";
}

TEST_F(ModelTest, MachinesMayDifferAndOtherParametersAreSaidToBeInNoModel) {
  MadeRun other = run_of_ipis(around(15));
  other.manifest["plan"]["workers"] = 16;
  other.manifest["plan"]["parameters"]["pages"] = "dirty-anon";
  other.manifest["topology"] = "16 CPUs, 4 sockets, 4 NUMA nodes";
  const ModelReport report = made({run(2, around(1)), run(4, around(3)), put("other", other)});
  const ModelPart& part = report.parts.at(0);
  EXPECT_THAT(part.machines, SizeIs(2));
  ASSERT_THAT(part.unlike, SizeIs(2));
  EXPECT_EQ(part.unlike[0].what, "parameters.pages");
  EXPECT_FALSE(part.unlike[0].of_machine);
  EXPECT_THAT(part.unlike[0].values, ElementsAre("clean-file", "dirty-anon"));
  EXPECT_EQ(part.unlike[1].what, "topology");
  EXPECT_TRUE(part.unlike[1].of_machine);
}

TEST_F(ModelTest, WhatWasSweptIsTheTermThoughMoreDiffers) {
  std::vector<std::pair<std::string, MadeRun>> points;
  for (const int workers : {1, 2, 4}) {
    MadeRun one = run_of_ipis(around(workers));
    one.manifest["plan"]["workers"] = workers;
    one.manifest["plan"]["memory_limit_bytes"] = 1048576 * workers;
    points.emplace_back(fmt::format("workers={}", workers), one);
  }
  EXPECT_EQ(model_of({put_batch("s", "sweep", "workers", points)}).formula(),
            "ipis_per_page = a + b * workers");
  EXPECT_EQ(refused({put_batch("t", "suite", "mine", points)}),
            "memory and workers are collinear: in these runs workers follows from the other\n"
            "fit by one of them (--by memory), or make runs in which they differ independently");
}

TEST_F(ModelTest, SysctlsAndMemoryAreTermsUnderTheirOptionsNames) {
  std::vector<std::filesystem::path> all;
  for (const int n : {1, 2, 3, 5}) {
    MadeRun one = run_of_ipis({1.0 * n});
    one.manifest["plan"]["settings"] = {{"/proc/sys/vm/page-cluster", std::to_string(n)}};
    one.manifest["plan"]["memory_limit_bytes"] = (n * n) << 20;
    all.push_back(put(fmt::format("s{}", n), one));
  }
  const ModelPart both =
      made(all, {.by = {"vm.page-cluster", "memory"}, .at = {"memory=64M,vm.page-cluster=3"}}).parts.at(0);
  EXPECT_THAT(both.unlike, IsEmpty());
  EXPECT_EQ(both.models.at(0).forecasts.at(0).place, "vm.page-cluster=3, memory=64 MiB");
  EXPECT_NEAR(both.models.at(0).line.slopes()[0].value, 1, 1e-9);
  EXPECT_THAT(made(all, {.by = {"memory"}}).parts.at(0).unlike, SizeIs(1));
}

TEST_F(ModelTest, TooFewPlacesAreRefusedWithWhatIsNeeded) {
  EXPECT_EQ(refused({run(1, around(1)), run(2, around(2))}),
            "ipis_per_page by workers: 2 different places with valid trials; a fit of 1 term needs 3\n"
            "make runs at 3 or more values of workers; tlbstorm report tells why a trial is invalid");
  EXPECT_EQ(
      refused({run(1, {1}, "1"), run(2, {2}, "1"), run(2, {2}, "2")}),
      "ipis_per_page by rounds and workers: 3 different places with valid trials; a fit of 2 terms needs 4\n"
      "make runs at 4 or more values of rounds and workers; tlbstorm report tells why a trial is invalid");
}

TEST_F(ModelTest, TermsThatCantBeAreRefusedWithWhatCan) {
  const auto all = runs();
  EXPECT_EQ(refused(all, {.by = {"wokers"}}),
            "--by wokers: the runs of pageout have no such parameter\ndid you mean workers?");
  EXPECT_EQ(refused(all, {.by = {"region"}}),
            "--by region: is 4M in every run, so that its price can't be told\n"
            "numbers that differ between these runs: workers");
  MadeRun dirty = run_of_ipis({1});
  dirty.manifest["plan"]["parameters"]["pages"] = "dirty-anon";
  dirty.manifest["plan"]["parameters"]["rounds"] = "3";
  EXPECT_EQ(refused({run(2, {1}), put("dirty", dirty)}, {.by = {"pages"}}),
            "--by pages: is no number: clean-file\nno number differs between these runs");
  EXPECT_EQ(refused({run(2, {1}), put("dirty", dirty)}, {.by = {"rounds"}}),
            "--by rounds: the run w2 has no such parameter\nno number differs between these runs");
  EXPECT_EQ(
      refused({run(1, {1}, "2"), run(2, {2}, "4"), run(3, {2}, "6"), run(4, {2}, "8")},
              {.by = {"workers", "rounds"}}),
      "--by workers,rounds: workers and rounds are collinear: in these runs rounds follows from the other\n"
      "fit by one of them (--by workers), or make runs in which they differ independently");
}

TEST_F(ModelTest, TooManyTermsAreRefused) {
  std::vector<std::filesystem::path> all;
  for (int n = 1; n < 8; ++n) {
    MadeRun one = run_of_ipis({1.0 * n});
    for (const char* const name : {"a", "b", "c", "d", "e"})
      one.manifest["plan"]["parameters"][name] = std::to_string(n * n % (7 + name[0] % 4));
    all.push_back(put(fmt::format("r{}", n), one));
  }
  EXPECT_EQ(refused(all),
            "5 numbers differ between the runs of pageout: a, b, c, d, e\nname up to 4 of them with --by");
  EXPECT_EQ(refused(all, {.by = {"a", "b", "c", "d", "e"}}), "--by a,b,c,d,e: too many terms\nname up to 4");
}

TEST_F(ModelTest, ValuesOutOfRangeAreRefusedAndOddNamesStayOneLine) {
  EXPECT_EQ(refused({run(1, {1e200}), run(2, {1}), run(4, {2})}),
            "values out of range for a fit: their squares are beyond what a double holds");
  MadeRun odd = run_of_ipis({1});
  odd.manifest["plan"]["workload"] = "two\nlines";
  EXPECT_THAT(refused({put("odd", odd)}), HasSubstr(R"(the runs of two\x0alines, so that)"));
}

TEST_F(ModelTest, RunsThatDifferInNoNumberAreRefused) {
  EXPECT_EQ(refused({put("a", run_of_ipis({1})), put("b", run_of_ipis({1}))}),
            "no number differs between the runs of pageout, so that there is nothing to fit by\n"
            "make runs that differ in one: tlbstorm run WORKLOAD --sweep OPTION=VALUES");
}

TEST_F(ModelTest, MetricsThatNoTrialHasAreRefused) {
  EXPECT_EQ(refused(runs(), {.of = {"ipis_per_pag"}}),
            "--of ipis_per_pag: no valid trial has such a metric\ndid you mean ipis_per_page?");
  const auto one = put("one", run_of_ipis({1}).invalid(1));
  EXPECT_EQ(refused({one}, {.of = {"ipis_per_page"}}),
            "no trial of the runs of pageout is valid\nlook at why: tlbstorm report one");
  EXPECT_THAT(
      refused({put("other", test::run_of("throughput", "operations/s", {1}))}),
      HasSubstr("the runs of pageout have none of the metrics asked for\nname one with --of; they have "
                "throughput"));
}

TEST_F(ModelTest, PlacesAreRefusedThatAreNone) {
  const auto at = [&](const std::string& place) { return refused(runs(), {.at = {place}}); };
  EXPECT_EQ(at("workers"), "--at workers: not NAME=VALUE\ngive a value for each term: workers=VALUE");
  EXPECT_EQ(at("wokers=3"), "--at wokers=3: wokers is no term\ndid you mean workers?");
  EXPECT_EQ(at("workers=many"), "--at workers=many: 'many' is no value of workers\ngive one such as 2");
  EXPECT_EQ(at("workers=3,workers=4"),
            "--at workers=3,workers=4: workers has two values\ngive a value for each term: workers=VALUE");
  EXPECT_THAT(at(","), testing::StartsWith("--at ,: an empty place in the list"));
  EXPECT_THAT(at(""), testing::StartsWith("--at '': an empty list"));
}

TEST_F(ModelTest, WhatCantBeFittedIsANoteBesideWhatCan) {
  MadeRun one = run_of_ipis({1});
  one.manifest["plan"]["workload"] = "usemem";
  auto paths = runs();
  paths.push_back(put("one", one));
  const ModelReport report = made(paths);
  EXPECT_THAT(report.parts, SizeIs(1));
  EXPECT_THAT(
      report.notes,
      ElementsAre("usemem: not fitted: no number differs between the runs of usemem, so that there is "
                  "nothing to fit by"));
}

/// A family of runs that nobody wrote to a folder.
Families runs_at(const std::vector<double>& places, std::size_t trials, double apart,
                 std::mt19937_64& random) {
  std::normal_distribution<double> noise(0, 1);
  Family family{"pageout", {}, {}, {"ipis_per_page"}};
  for (const double place : places) {
    Observed one;
    one.name = fmt::format("workers={}", place);
    one.parameters["workers"] = fmt::format("{}", place);
    one.trials = one.valid = static_cast<int>(trials);
    one.manifest.plan.workload = "pageout";
    record::Series series{"ipis_per_page", "IPIs/page", {}};
    const double level = 10 + 2 * place + apart * noise(random);
    for (std::size_t trial = 1; trial <= trials; ++trial)
      series.by_trial[static_cast<int>(trial)] = level + noise(random);
    one.series.push_back(series);
    family.runs.push_back(one);
  }
  return {{family}, {}};
}

/// docs/statistics.md has R's whole table; here a part of it, within four standard errors of so few.
TEST(ModelOfSimulatedRuns, IntervalHoldsTheSlopeAsOftenAsInRsSimulation) {
  constexpr int kTimes = 400;
  std::mt19937_64 random(1);
  for (const stats::ReferenceRow& row : stats::reference("slopes_held")) {
    const double apart = row.value("apart");
    if (row.text("places") != "1 2 3 4" || row.value("trials") != 5 || apart == 0.3 || apart == 2) continue;
    SCOPED_TRACE(row.line);
    int held = 0;
    for (int i = 0; i < kTimes; ++i) {
      const ModelReport report = make_models(runs_at(row.values("places"), 5, apart, random), {});
      held += report.parts.at(0).models.at(0).line.slopes()[0].interval.contains(2) ? 1 : 0;
    }
    const double expected = row.value("below_25");
    EXPECT_NEAR(held / double{kTimes}, expected, 4 * std::sqrt(expected * (1 - expected) / kTimes));
  }
}

}  // namespace
}  // namespace tlbstorm::compare
