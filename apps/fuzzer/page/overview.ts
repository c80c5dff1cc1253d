/** The figures at the top. */

import type { ReportData } from "../src/report/report-data.ts";
import { element, number, table } from "./dom.ts";

/** Tiles, and a table of the campaigns when there are several. */
export function overview({ campaigns, findings }: ReportData): HTMLElement {
  const sum = (part: (campaign: (typeof campaigns)[number]) => number): number =>
    campaigns.reduce((total, campaign) => total + part(campaign), 0);
  const executions = sum((campaign) => campaign.executions);
  const seconds = sum((campaign) => campaign.seconds);
  const features = sum(({ growth }) =>
    Object.values(growth.at(-1)?.features ?? {}).reduce((total, count) => total + count, 0),
  );
  const tiles: readonly (readonly [value: string, label: string])[] = [
    [number(findings.length), "findings"],
    [number(executions), "executions"],
    [short(sum((campaign) => campaign.steps)), "steps"],
    [number(features), "features"],
    [number(sum((campaign) => campaign.corpus)), "schedules kept"],
    [`${number(Math.round(executions / Math.max(seconds, 0.001)))}/s`, "executions per second"],
    [duration(seconds), "of search"],
  ];
  return element(
    "div",
    { class: "overview" },
    element(
      "dl",
      { class: "tiles" },
      ...tiles.map(([value, label], at) =>
        element(
          "div",
          { class: at === 0 && findings.length > 0 ? "tile alarm" : "tile" },
          element("dt", {}, label),
          element("dd", {}, value),
        ),
      ),
    ),
    ...(campaigns.length > 1 ? [campaignTable(campaigns)] : []),
  );
}

function campaignTable(campaigns: ReportData["campaigns"]): HTMLElement {
  const rows = campaigns.map((campaign) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, campaign.scenario),
      element("td", {}, campaign.kernel),
      element("td", {}, campaign.strategy),
      element("td", { class: "count" }, number(campaign.executions)),
      element("td", { class: "count" }, number(campaign.corpus)),
      element("td", { class: "count" }, number(campaign.growth.at(-1)?.findings ?? 0)),
      element("td", {}, campaign.state),
      element("td", {}, campaign.unreached.join("; ")),
    ),
  );
  const heads = [
    "scenario",
    "kernel",
    "strategy",
    "executions",
    "kept",
    "findings",
    "state",
    "never reached",
  ];
  return element(
    "details",
    { class: "numbers" },
    element("summary", {}, `${campaigns.length} campaigns`),
    element("div", { class: "scroll" }, table(heads, element("tbody", {}, ...rows))),
  );
}

function short(value: number): string {
  return value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${minutes.toFixed(1)} min` : `${(minutes / 60).toFixed(1)} h`;
}
