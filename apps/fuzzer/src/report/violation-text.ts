/** A finding for people: what broke, who did what when, and the one command that shows it again. */

import type { World } from "@mmrace/mm";
import { columnsText, decodeToken, recordTrace, type Scenario, type Violation } from "@mmrace/scheduler";
import { bold, dim, red } from "./style.ts";

/** Several paragraphs; the last line is the command that replays the finding. */
export function violationText(scenario: Scenario<World>, violation: Violation): string {
  const { oracle, message, details = [], preemptions, steps, signature, token } = violation;
  const settings = decodeToken(token);
  const where = `${scenario.name} on ${scenario.variant ?? "?"}`;
  const guards = settings.ablations.map(({ name }) => `, ${name}`).join("");
  const memory = settings.memory === "sc" ? "" : ` under ${settings.memory}`;
  const trace = recordTrace(scenario, violation.schedule, settings);
  return [
    `${red(bold(`VIOLATION ${oracle}`))}: ${message}`,
    ...details,
    dim(
      `${where}${memory}${guards}; ${preemptions} preemption${preemptions === 1 ? "" : "s"}, ${steps} steps; ${signature}`,
    ),
    "",
    columnsText(trace),
    "",
    `Token:  ${token}`,
    `Replay: npx mmrace replay ${token}`,
  ].join("\n");
}

/** `1 violation`, `2 violations`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
