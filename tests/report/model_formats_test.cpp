// SPDX-License-Identifier: Apache-2.0
// A model in each of its formats.
#include "harness/report/model_formats.hpp"

#include <sstream>

#include "tests/compare/model/modelled_runs.hpp"

namespace tlbstorm::report {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

using ModelFormatsTest = test::ModelledRunsTest;

std::vector<std::size_t> widths(const std::string& text) {
  std::vector<std::size_t> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line.size());
  return all;
}

TEST_F(ModelFormatsTest, TextSaysPricesTheirIntervalsAndWhatIsExtrapolated) {
  const std::string text = print_model_text(made(runs(), {.at = {"workers=256"}}));
  EXPECT_THAT(text, HasSubstr("ipis_per_page = a + b * workers   (IPIs/page)\n"));
  EXPECT_THAT(text, HasSubstr("the price of one more worker"));
  EXPECT_THAT(text, HasSubstr("R^2 1.0000; residuals: RMS 0.0"));
  EXPECT_THAT(text, HasSubstr("\n  at workers=256\n  line       255, 95% interval "));
  EXPECT_THAT(text,
              HasSubstr("A GUESS, FAR FROM WHAT WAS MEASURED: 16 times the largest measured, workers=16; "));
  EXPECT_THAT(widths(text), Each(Le(100u)));
}

TEST_F(ModelFormatsTest, CsvHasARowForEachFigure) {
  const std::string text = print_model_csv(made(runs(0.1), {.at = {"workers=256"}}));
  EXPECT_THAT(text, ::testing::StartsWith("family,metric,unit,item,name,value,low,high,error\r\n"
                                          "pageout,ipis_per_page,IPIs/page,constant,,"));
  EXPECT_THAT(text, HasSubstr("pageout,ipis_per_page,IPIs/page,slope,workers,"));
  EXPECT_THAT(text, HasSubstr("pageout,ipis_per_page,IPIs/page,points,medians,4,,,\r\n"));
  EXPECT_THAT(text, HasSubstr("pageout,ipis_per_page,IPIs/page,at,workers=256,"));
  EXPECT_THAT(text, HasSubstr("pageout,ipis_per_page,IPIs/page,better_form,"));
}

TEST_F(ModelFormatsTest, JsonHasAllThatIsKnown) {
  const auto json = nlohmann::json::parse(print_model_json(made(runs(), {.at = {"workers=256"}})));
  const auto& model = json["families"][0]["models"][0];
  EXPECT_EQ(model["formula"], "ipis_per_page = a + b * workers");
  EXPECT_NEAR(model["terms"][0]["value"], 1, 1e-9);
  EXPECT_EQ(model["terms"][0]["interval"].size(), 2u);
  EXPECT_EQ(model["runs"].size(), 4u);
  EXPECT_EQ(model["runs"][0]["at"]["workers"], 2);
  EXPECT_EQ(model["runs"][0]["values"].size(), 5u);
  EXPECT_EQ(model["points"]["are"], "trials");
  EXPECT_EQ(model["forecasts"][0]["extrapolation"], true);
  EXPECT_NEAR(model["forecasts"][0]["line"]["value"], 255, 1e-6);
  EXPECT_EQ(model["forecasts"][0]["line"]["point"].size(), 2u);
}

TEST_F(ModelFormatsTest, ValuesThatNeverVaryHaveNoPriceAndSaySo) {
  const std::string text = print_model_text(made({run(1, {1, 1}), run(2, {1, 1}), run(4, {1, 1})}));
  EXPECT_THAT(text, HasSubstr("R^2 - (the values don't vary)"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace tlbstorm::report
