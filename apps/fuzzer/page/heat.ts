/** Which procedures met in the schedules of the corpus: a row for who wrote or released, a column for who read or took. */

import type { CampaignData, HeatData } from "../src/report/report-data.ts";
import { chooser, label } from "./choices.ts";
import { counted, element } from "./dom.ts";

type Pair = HeatData["pairs"][number];

/** The map of one campaign at a time. */
export function heatSection(campaigns: readonly CampaignData[]): HTMLElement {
  const met = campaigns.filter(({ heat }) => heat.some(({ pairs }) => pairs.length > 0));
  if (met.length === 0)
    return element(
      "p",
      { class: "quiet" },
      "No schedules of scenarios were kept, so nobody was seen to meet.",
    );
  const place = element("div", { class: "scroll heat-scroll" });
  const words = element("p", { class: "heat-words", role: "status", "aria-live": "polite" });
  const chosen = chooser(
    "Campaign",
    met.map(({ scenario, kernel, seed }) => `${scenario} on ${kernel}, random seed ${seed}`),
    draw,
  );
  const map = chooser(
    "Edges",
    met[0]!.heat.map((one) => one.map),
    draw,
  );
  function draw(): void {
    const { heat, corpus } = met[chosen.selectedIndex]!;
    const wanted = heat[map.selectedIndex]!;
    words.textContent = INTRODUCTIONS[map.selectedIndex]!;
    place.replaceChildren(
      wanted.pairs.length === 0
        ? element("p", { class: "quiet" }, "There are none.")
        : gridOf(wanted, corpus, words),
    );
  }
  draw();
  return element(
    "div",
    { class: "heat" },
    element("div", { class: "choices" }, label(chosen), label(map)),
    words,
    place,
  );
}

const INTRODUCTIONS: readonly string[] = [
  "Rows wrote, columns read what another thread had written. Point at a cell, or go there with the arrow keys.",
  "Rows released, columns took the lock after it. Point at a cell, or go there with the arrow keys.",
  "Rows used a location, columns were next to use it, and one of them wrote. Point at a cell, or go there with the arrow keys.",
];

/** A table that is gone through with the arrow keys: one cell at a time can be reached by Tab. */
function gridOf({ procedures, pairs }: HeatData, corpus: number, words: HTMLElement): HTMLElement {
  const from = [...new Set(pairs.map(([row]) => row))];
  const to = [...new Set(pairs.map(([, column]) => column))].toSorted((a, b) => a - b);
  const most = Math.max(...pairs.map((pair) => pair[3]));
  const known = new Map(pairs.map((pair) => [`${pair[0]} ${pair[1]}`, pair]));
  const name = (procedure: number): string => procedures[procedure]!;
  const say = (pair: Pair | undefined, row: number, column: number): string =>
    pair === undefined
      ? `${name(row)} → ${name(column)}: never`
      : `${name(row)} → ${name(column)}: ${counted(pair[2], "pair")} of sites, in ${counted(pair[3], "schedule")} of ${corpus}`;
  const cells: HTMLElement[][] = from.map((row) =>
    to.map((column) => {
      const pair = known.get(`${row} ${column}`);
      const heat = pair === undefined ? 0 : 0.15 + 0.85 * (Math.log1p(pair[3]) / Math.log1p(most));
      const text = say(pair, row, column);
      return element("td", {
        role: "gridcell",
        tabindex: -1,
        class: pair === undefined ? "cold" : "hot",
        style: `--heat: ${heat.toFixed(3)}`,
        "aria-label": text,
        onfocus: () => (words.textContent = text),
        onpointerenter: () => (words.textContent = text),
      });
    }),
  );
  cells[0]![0]!.tabIndex = 0;
  const grid = element(
    "table",
    { class: "heat-map", role: "grid", "aria-label": "Pairs of procedures" },
    element(
      "thead",
      {},
      element(
        "tr",
        {},
        element("td", {}),
        ...to.map((column) => element("th", { scope: "col" }, element("span", {}, name(column)))),
      ),
    ),
    element(
      "tbody",
      {},
      ...from.map((row, at) => element("tr", {}, element("th", { scope: "row" }, name(row)), ...cells[at]!)),
    ),
  );
  grid.addEventListener("keydown", (event) => moveIn(cells, event));
  return grid;
}

function moveIn(cells: readonly (readonly HTMLElement[])[], event: KeyboardEvent): void {
  const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const row = cells.findIndex((one) => one.includes(document.activeElement as HTMLElement));
  if (by === undefined || row < 0) return;
  const column = cells[row]!.indexOf(document.activeElement as HTMLElement);
  const next = cells[row + by[0]!]?.[column + by[1]!];
  if (next === undefined) return;
  event.preventDefault();
  cells[row]![column]!.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
