/** The texts that failures are made of. */

import {
  columnsText,
  decodeToken,
  recordTrace,
  type Exploration,
  type RunSettings,
  type Scenario,
  type Violation,
} from "@mmrace/scheduler";

/** More rows than that hide the end of a counterexample, and the token below it. */
const ROWS_MAX = 120;
const ROWS_AT_START = 30;

/** A scenario with all that distinguishes it, and how it is run, from others of its name. */
export function titleOf<W>(
  { name, variant = "", parameters = {} }: Pick<Scenario<W>, "name" | "variant" | "parameters">,
  { ablations = [], memory = "sc" }: RunSettings,
): string {
  const values = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  return [
    name,
    ...(variant === "" ? [] : [`on ${variant}`]),
    ...(values.length === 0 ? [] : [`with ${values.join(", ")}`]),
    ...(memory === "sc" ? [] : [`under ${memory}`]),
    ...(ablations.length === 0 ? [] : [`(${ablations.map((ablation) => ablation.name).join("; ")})`]),
  ].join(" ");
}

/** How much was searched: `1,024 executions, 3 cut off early`. */
export function countsText({ executions, pruned }: Exploration): string {
  return `${counted(executions, "execution")}${pruned === 0 ? "" : `, ${counted(pruned)} cut off early`}`;
}

/** `1 execution`, `1,024 executions`, `1,024`. */
export function counted(count: number, what = ""): string {
  const number = count.toLocaleString("en-US");
  return what === "" ? number : `${number} ${what}${count === 1 ? "" : "s"}`;
}

/** What is wrong, in one line. The oracle of a property of its own has the property's name. */
export function nameOf({ oracle, message }: Violation): string {
  return oracle === message ? `"${message}"` : `"${oracle}": ${message}`;
}

/** The counterexample as columns, and how to see it again. */
export function counterexampleText<W>(
  scenario: Scenario<W>,
  { schedule, token, details = [] }: Violation,
): string {
  const rows = columnsText(recordTrace(scenario, schedule, decodeToken(token))).split("\n");
  return [...details, "", ...withoutMiddle(rows), "", replayText(token)].join("\n");
}

/** How to replay a token. */
export function replayText(token: string): string {
  return `Replay it with: expect(scenario).toReplay("${token}")`;
}

function withoutMiddle(rows: readonly string[]): readonly string[] {
  if (rows.length <= ROWS_MAX) return rows;
  const leftOut = rows.length - ROWS_MAX;
  const note = `... ${counted(leftOut, "row")} left out ...`;
  return [...rows.slice(0, ROWS_AT_START), note, ...rows.slice(ROWS_AT_START + leftOut)];
}
