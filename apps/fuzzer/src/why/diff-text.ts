/** Comparisons for people, as lines and in Markdown, and as JSON. */

import type { HistoryPart, KernelCommit } from "@mmrace/mm";
import { kernelSpelling } from "@mmrace/scheduler";
import { bold, green, red } from "../report/style.ts";
import { counted } from "../report/violation-text.ts";
import type { Cause, Evidence } from "./cause.ts";
import type { Comparison, Difference, Turn } from "./diff.ts";
import { boundText, verdictText, type Effort, type Row } from "./table.ts";

/** As lines, with tokens. */
export function comparisonText(target: string, { older, newer, differences, same }: Comparison): string {
  const blocks = differences.map((difference) =>
    [
      `${bold(difference.site)} (${kindOf(difference)})`,
      `  ${colour(difference.turn)(turnText(difference, older, newer))}`,
      ...(difference.cause === undefined ? [] : [`  ${causeText(difference.cause)}`]),
      ...tokensOf(difference).map((token) => `  npx mmrace replay ${token}`),
    ].join("\n"),
  );
  const count = `${counted(differences.length, "guard")} of ${target} changed from ${older} to ${newer}`;
  return [...blocks, "", `${count}; ${same.toLocaleString("en")} did not.`].join("\n");
}

/** As a table in Markdown. */
export function comparisonMarkdown(
  target: string,
  { older, newer, differences, same }: Comparison,
  effort: Effort,
): string {
  const rows = differences.map((difference) => {
    const { site, turn, before, after, cause } = difference;
    const why = cause === undefined ? "" : causeText(cause);
    const tokens = tokensOf(difference).map((token) => `\`${token}\``);
    const cells = [`\`${site}\``, turn, stateText(before), stateText(after), why, tokens.join(" ")];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    `${target}, from Linux ${older} to ${newer}; ${boundText(effort)}. ${counted(same, "guard")} did not change.`,
    "",
    `| guard | what happened | on ${older} | on ${newer} | why | counterexample |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

/** One element of `differences[]`. */
export function differenceJson(difference: Difference): Record<string, unknown> {
  const { site, turn, before, after, cause } = difference;
  return {
    site,
    kind: kindOf(difference),
    turn,
    before: stateJson(before),
    after: stateJson(after),
    ...(cause === undefined ? {} : { cause: causeJson(cause) }),
  };
}

function kindOf({ before, after }: Difference): string {
  return (after ?? before)!.kind;
}

function colour(turn: Turn): (text: string) => string {
  if (turn === "became needed") return red;
  return turn === "became redundant" ? green : (text) => text;
}

function turnText({ turn, before, after }: Difference, older: string, newer: string): string {
  return `${turn}: on ${older} ${stateText(before)}; on ${newer} ${stateText(after)}`;
}

function stateText(row: Row | undefined): string {
  return row === undefined ? "no scenario comes to it" : verdictText(row);
}

function stateJson(row: Row | undefined): Record<string, unknown> {
  if (row === undefined) return { verdict: "never executed" };
  const { finding, ...counts } = row.found;
  return { ...counts, ...finding, scenarios: row.scenarios, programs: row.programs };
}

/** The counterexample of the release that has one. */
function tokensOf({ before, after }: Difference): readonly string[] {
  return [before, after].flatMap((row) => row?.found.finding?.token ?? []);
}

const EVIDENCE: Readonly<Record<Evidence, (older: string, newer: string) => string>> = {
  "enough alone": (older) => `put into ${older} alone, it does the same`,
  "needed for it": (_older, newer) => `taken back from ${newer}, it is undone`,
  "only difference": (older, newer) =>
    `the scenario comes to no other difference between ${older} and ${newer}`,
};

function causeText({ between, evidence, parts }: Cause): string {
  if (between === undefined)
    return "Not attributed: its scenario shows the same on all releases from one to the other.";
  const [older, newer] = between;
  const named = parts.map(partText).join("; or ");
  if (evidence !== undefined) return `By ${named}: ${EVIDENCE[evidence](older, newer)}.`;
  return (
    `Between ${older} and ${newer}, and not attributed: no difference does it alone, and none undoes it alone. ` +
    `The scenario comes to: ${parts.map(partText).join("; ")}.`
  );
}

function partText({ commits, names }: HistoryPart): string {
  if (commits.length === 0) return names.map(kernelSpelling).join(", ");
  return commits.map(commitText).join(", or ");
}

function commitText({ id, release, about }: KernelCommit): string {
  return id === undefined ? `a series (${release}): ${about}` : `${id} (${release}), ${about}`;
}

function causeJson({ between, evidence, parts }: Cause): Record<string, unknown> {
  return {
    between: between ?? null,
    evidence: evidence ?? null,
    parts: parts.map(({ commits, names }) => ({
      commits: commits.map(({ id, release, about }) => ({ id: id ?? null, release, about })),
      procedures: names.map(kernelSpelling),
    })),
  };
}
