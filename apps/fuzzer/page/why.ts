/** What guards are for, as `mmrace why` has answered: a table to search in. */

import type { WhyData } from "../src/report/report-data.ts";
import { copyButton, counted, element, number, table } from "./dom.ts";
import { chooser, label } from "./choices.ts";

/** The section. */
export function whySection(answers: readonly WhyData[]): HTMLElement {
  const verdicts = ["all verdicts", ...new Set(answers.map(({ verdict }) => verdict))];
  const kernels = ["all releases", ...new Set(answers.map(({ kernel }) => kernel))];
  const body = element("tbody");
  const count = element("span", { class: "quiet", role: "status" });
  const wanted = element("input", {
    type: "search",
    "aria-label": "Search guards",
    placeholder: "procedure, lock ...",
  });
  const verdict = chooser("Verdict", verdicts, draw);
  const kernel = chooser("Release", kernels, draw);
  wanted.addEventListener("input", draw);
  function draw(): void {
    const words = wanted.value.toLowerCase();
    const shown = answers.filter(
      (one) =>
        (verdict.selectedIndex === 0 || one.verdict === verdict.value) &&
        (kernel.selectedIndex === 0 || one.kernel === kernel.value) &&
        one.sites.join(" ").toLowerCase().includes(words),
    );
    count.textContent = `${number(shown.length)} of ${counted(answers.length, "answer")}`;
    body.replaceChildren(...shown.map(rowOf));
  }
  draw();
  const heads = ["guard", "release", "without it", "shortest counterexample"];
  return element(
    "div",
    { class: "why" },
    element("div", { class: "choices" }, wanted, label(verdict), label(kernel), count),
    element("div", { class: "scroll" }, table(heads, body)),
  );
}

function rowOf({ sites, kernel, verdict, finding, ...searched }: WhyData): HTMLElement {
  const shown =
    finding === undefined
      ? [element("span", { class: "quiet" }, searchText(searched))]
      : [
          element("b", {}, finding.oracle),
          `: ${finding.message}; ${counted(finding.preemptions, "preemption")}, ${counted(finding.steps, "step")}, ${finding.scenario} `,
          copyButton(
            "Copy command",
            "Copy the command that replays this counterexample",
            () => `npx mmrace replay ${finding.token}`,
          ),
        ];
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, ...sites.map((site) => element("code", {}, site))),
    element("td", {}, kernel),
    element(
      "td",
      {},
      element("span", { class: finding === undefined ? "verdict-word" : "verdict-word needed" }, verdict),
    ),
    element("td", {}, ...shown),
  );
}

function searchText({
  executions,
  fuzzed,
  complete,
  preemptionsMax,
  scenarios,
  programs,
}: Pick<
  WhyData,
  "executions" | "fuzzed" | "complete" | "preemptionsMax" | "scenarios" | "programs"
>): string {
  const where = [
    counted(scenarios.length, "scenario"),
    ...(programs === 0 ? [] : [counted(programs, "generated program")]),
  ].join(" and ");
  const scope = complete ? "all schedules" : "not all schedules";
  const more = fuzzed === 0 ? "" : `; ${counted(fuzzed, "execution")} more fuzzed`;
  return `${counted(executions, "execution")} in ${where}, ${scope} with up to ${counted(preemptionsMax, "preemption")}${more}`;
}
