// The page of ablation-matrix.mjs: rows to text, and back.

import { reasonOf } from "./ablation-reasons.mjs";

const UNNOTICED = new Set(["not noticed", "without effect", "cannot be removed"]);

/** Reads the rows of a page: site, number of families that come there, and result. */
export function rowsOf(page) {
  const rows = [];
  let procedure;
  for (const line of page.split("\n")) {
    if (line.startsWith("## ")) procedure = line.slice(3);
    const cells = /^\| `([^`]+)` \| (\d+) \| ([^|]+) \|/.exec(line);
    if (cells === null) continue;
    rows.push({ site: `${procedure}/${cells[1]}`, families: Number(cells[2]), result: cells[3].trim() });
  }
  return rows;
}

/** The class of a row that nobody notices, and the reason, if we know one. */
function explanationOf({ site, result }) {
  if (!UNNOTICED.has(result)) return undefined;
  if (result === "cannot be removed")
    return {
      kind: "indispensable",
      reason: "the thread needs its result, so that nothing is left without it",
    };
  const known = reasonOf(site);
  if (known?.kind === "stand-in") return known;
  if (result === "without effect")
    return { kind: "no effect", reason: "a first look, or nobody changes here what it looks at" };
  return known ?? { kind: "unexplained", reason: "" };
}

function countsOf(explained) {
  const counts = new Map();
  for (const { explanation } of explained) {
    const kind = explanation?.kind ?? "noticed";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

const KINDS = {
  noticed: "an oracle, lockdep or the end of the run tells",
  redundant: "another guard keeps the same danger away; remove both to see it",
  unreachable: "the rival or the order that it is for is in no scenario of these bounds",
  "no effect":
    "its removal changed nothing in any schedule: a read with nothing to forget, or whose answer never changes",
  indispensable: "an operation whose result the thread needs: there is no kernel without it",
  bookkeeping: "statistics, hints and caches that no property watches, or steps that cost speed only",
  "blind oracle": "what it breaks would be a bug, and no oracle of the model looks there",
  "stand-in": "a step of a scenario's own actor, not of a modelled procedure",
  unexplained: "nobody has worked out why yet",
};

/** The whole page. */
export function pageText(rows, { release, preemptionsMax, executionsMax }) {
  const explained = rows.map((row) => ({ ...row, explanation: explanationOf(row) }));
  const counts = countsOf(explained);
  const byProcedure = grouped(explained);
  const lines = [
    "# What each step is for",
    "",
    `Every site that the scenarios come to on ${release}, taken out on its own (all its occurrences in one run of the procedure),`,
    `searched from 0 to ${preemptionsMax} preemption, at most ${executionsMax} executions for each scenario, the cheapest scenario first, up`,
    "to the first that notices. Written by `node bench/ablation-matrix.mjs`; the reasons stand in `bench/ablation-reasons.mjs`.",
    "A row with more preemptions, or with two guards removed at once, may be a test in `packages/mm/test/ablations`.",
    "",
    `${rows.length} sites:`,
    "",
    "| | sites | |",
    "| --- | ---: | --- |",
    ...Object.entries(KINDS).map(([kind, about]) => `| ${kind} | ${counts.get(kind) ?? 0} | ${about} |`),
    "",
  ];
  for (const [procedure, own] of byProcedure) {
    lines.push(
      `## ${procedure}`,
      "",
      "| site | scenarios | noticed by | or why not |",
      "| --- | ---: | --- | --- |",
    );
    for (const { site, families, result, explanation } of own) {
      const why =
        explanation === undefined
          ? ""
          : `${explanation.kind}${explanation.reason && ": "}${explanation.reason}`;
      lines.push(`| \`${site.slice(procedure.length + 1)}\` | ${families} | ${result} | ${why} |`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

function procedureOf({ site }) {
  return site.slice(0, site.indexOf("/"));
}

function grouped(rows) {
  const groups = new Map();
  for (const row of rows) {
    const procedure = procedureOf(row);
    if (!groups.has(procedure)) groups.set(procedure, []);
    groups.get(procedure).push(row);
  }
  return groups;
}
