/** How coverage, corpus and findings grew with the executions. */

import uPlot from "uplot";
import type { CampaignData, GrowthPoint } from "../src/report/report-data.ts";
import { chooser, label } from "./choices.ts";
import { colour, element, number, table } from "./dom.ts";
import { onTheme } from "./theme.ts";

const HEIGHT = 320;
/** Distances of marks on axes that count. */
const WHOLE = [1, 2, 5]
  .flatMap((one) => [1, 10, 100, 1000, 10_000, 100_000].map((ten) => one * ten))
  .toSorted((a, b) => a - b);
// uPlot's names for these exist for the compiler only, which therefore cannot see that they are the same.
/* oxlint-disable typescript/no-unsafe-enum-assignment */
const LINEAR = 1 as uPlot.Scale.Distr;
const LOGARITHMIC = 3 as uPlot.Scale.Distr;
const RIGHT = 1 as uPlot.Axis.Side;
/* oxlint-enable typescript/no-unsafe-enum-assignment */

/** The chart of one campaign at a time, with its numbers as a table. */
export function growthSection(campaigns: readonly CampaignData[]): HTMLElement {
  const grown = campaigns.filter(({ growth }) => growth.length > 0);
  if (grown.length === 0)
    return element("p", { class: "quiet" }, "No campaign of this directory says how it grew.");
  const chart = element("div", { class: "chart" });
  const numbers = element("div", { class: "scroll" });
  const chosen = chooser(
    "Campaign",
    grown.map(({ scenario, kernel, seed }) => `${scenario} on ${kernel}, random seed ${seed}`),
    draw,
  );
  const axis = chooser("Over", ["executions, logarithmic", "executions", "seconds"], draw);
  const drawing = new Drawing(chart);
  function draw(): void {
    const { growth } = grown[chosen.selectedIndex]!;
    drawing.draw(growth, axis.selectedIndex);
    numbers.replaceChildren(tableOf(growth));
  }
  onTheme(draw);
  new ResizeObserver(() => drawing.resize()).observe(chart);
  queueMicrotask(draw);
  return element(
    "div",
    { class: "growth" },
    element("div", { class: "choices" }, label(chosen), label(axis)),
    chart,
    element("details", { class: "numbers" }, element("summary", {}, "The same as numbers"), numbers),
  );
}

/** The chart in its place. */
class Drawing {
  readonly #place: HTMLElement;
  #plot: uPlot | undefined;

  constructor(place: HTMLElement) {
    this.#place = place;
  }

  resize(): void {
    const { clientWidth } = this.#place;
    if (this.#plot !== undefined && clientWidth > 0 && clientWidth !== this.#plot.width)
      this.#plot.setSize({ width: clientWidth, height: HEIGHT });
  }

  draw(growth: readonly GrowthPoint[], axis: number): void {
    this.#plot?.destroy();
    const maps = Object.keys(growth.at(-1)!.features);
    const isLog = axis === 0;
    const x = growth.map((point) => (axis === 2 ? point.seconds : point.executions));
    const [quiet, grid] = [colour("quiet"), colour("line")];
    const line = (name: string, at: number, more: Partial<uPlot.Series> = {}): uPlot.Series => ({
      label: name,
      stroke: colour(`thread-${at}`),
      width: 2,
      points: { show: growth.length < 40 },
      ...more,
    });
    const steps = uPlot.paths.stepped!({ align: 1 });
    const axes = { stroke: quiet, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const options: uPlot.Options = {
      width: this.#place.clientWidth,
      height: HEIGHT,
      scales: {
        x: { time: false, distr: isLog ? LOGARITHMIC : LINEAR },
        count: { range: fromZero },
        findings: { range: fromZero },
      },
      axes: [
        { ...axes, label: axis === 2 ? "seconds" : "executions", labelSize: 24 },
        { ...axes, scale: "count", label: "features, schedules kept", labelSize: 24, size: 64, incrs: WHOLE },
        {
          ...axes,
          scale: "findings",
          side: RIGHT,
          label: "findings",
          labelSize: 24,
          grid: { show: false },
          size: 48,
          incrs: WHOLE,
        },
      ],
      series: [
        { label: axis === 2 ? "seconds" : "executions" },
        ...maps.map((map, at) => line(map, at, { scale: "count" })),
        line("schedules kept", maps.length, { scale: "count", dash: [6, 4] }),
        line("findings", maps.length + 1, { scale: "findings", paths: steps }),
      ],
    };
    const data: uPlot.AlignedData = [
      x,
      ...maps.map((map) => growth.map(({ features }) => features[map] ?? 0)),
      growth.map(({ corpus }) => corpus),
      growth.map(({ findings }) => findings),
    ];
    this.#plot = new uPlot(options, data, this.#place);
    const last = growth.at(-1)!;
    const canvas = this.#place.querySelector("canvas");
    canvas?.setAttribute("role", "img");
    canvas?.setAttribute(
      "aria-label",
      `After ${number(last.executions)} executions: ${maps.map((map) => `${last.features[map]} ${map}`).join(", ")} features, ` +
        `${last.corpus} schedules kept, ${last.findings} findings. The numbers are in the table below.`,
    );
  }
}

function fromZero(_plot: uPlot, _least: number, most: number): uPlot.Range.MinMax {
  return [0, Math.max(most * 1.08, 1)];
}

function tableOf(growth: readonly GrowthPoint[]): HTMLElement {
  const maps = Object.keys(growth.at(-1)!.features);
  const heads = ["executions", "seconds", ...maps, "schedules kept", "findings"];
  const rows = growth.map(({ executions, seconds, features, corpus, findings }) =>
    [executions, seconds, ...maps.map((map) => features[map] ?? 0), corpus, findings].map((value) =>
      element("td", { class: "count" }, number(value)),
    ),
  );
  return table(heads, element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells))));
}
