/** The hold table: a plan in terms of kernel functions, for somebody who forces the race on a real kernel. */

import type { HoldPlan, Hold, PlannedOperation } from "@mmrace/scheduler";
import { commOf } from "./c-program.ts";

/** An operation and where it stands. */
export interface HoldPoint {
  readonly cpu: number;
  readonly thread: string;
  /** The innermost kernel function; `null` in a step that the scenario does itself. */
  readonly function: string | null;
  /** The calls that lead there, outermost first. */
  readonly calls: readonly string[];
  readonly operation: string;
  readonly site: string;
}

/** One row: hold a thread at a point until another has come to one. */
export interface HoldRow {
  readonly kind: Hold["kind"];
  readonly cpu: number;
  readonly thread: string;
  /** The name that the program gives the thread. */
  readonly comm: string;
  readonly after: HoldPoint | null;
  readonly before: HoldPoint;
  readonly until: HoldPoint;
  /** Whether the one that is waited for is an actor of the machine, such as the RCU grace period. */
  readonly untilIsMachine: boolean;
  /** False: the finding is there before the thread would go on. */
  readonly resumes: boolean;
}

/** The rows of a plan: preemptions first to last, with the starts and the waits that others need. */
export function holdRows({ trace, holds, free }: HoldPlan): readonly HoldRow[] {
  const point = ({ thread, procedures, site, text }: PlannedOperation): HoldPoint => ({
    cpu: trace.threads[thread]!.cpu,
    thread: trace.threads[thread]!.name,
    function: procedures.at(-1) ?? null,
    calls: procedures,
    operation: text,
    site,
  });
  return holds.map(({ kind, thread, after, before, until, resumes }) => ({
    kind,
    cpu: trace.threads[thread]!.cpu,
    thread: trace.threads[thread]!.name,
    comm: commOf(trace.threads[thread]!.name),
    after: after === undefined ? null : point(after),
    before: point(before),
    until: point(until),
    untilIsMachine: free.includes(until.thread),
    resumes,
  }));
}

/** One row in words. */
export function rowText(row: HoldRow): string {
  const { kind, cpu, comm, after, before, resumes } = row;
  const who = `CPU${cpu} (${comm})`;
  const wait = `wait until ${untilText(row)}`;
  if (kind === "start")
    return `${who}, before it begins with ${operationText(before)} in ${placeText(before)} [${before.site}]: ${wait}.`;
  const still = kind === "overtaken" ? " It waits here by itself at first, but not for long enough." : "";
  const end = resumes ? "" : " The finding is there by then.";
  const between = `after ${operationText(after!)} [${after!.site}] and before ${operationText(before)} [${before.site}]`;
  return `${who}, in ${placeText(before)}, ${between}: ${wait}.${still}${end}`;
}

function untilText({ until, untilIsMachine }: HoldRow): string {
  const what = `${operationText(until)} in ${placeText(until)} [${until.site}]`;
  return untilIsMachine
    ? `the machine (${until.thread}) has done ${what}`
    : `CPU${until.cpu} has done ${what}`;
}

function operationText({ operation }: HoldPoint): string {
  return `\`${operation}\``;
}

function placeText({ function: name, calls }: HoldPoint): string {
  if (name === null) return "a step of the scenario itself";
  const callers = calls.slice(0, -1).toReversed();
  const chain = callers.length === 0 ? "" : ` (called by ${callers.map((one) => `${one}()`).join(", by ")})`;
  return `\`${name}()\`${chain}`;
}

/** How to make a patch of the rows. */
export const PATCH_HINT: readonly string[] = [
  "For each row N add a flag to the kernel, a global int. Where the row says what another CPU must have done, set it with",
  "WRITE_ONCE() right behind that operation. Where the row says which CPU waits, look at the flag with READ_ONCE() in a",
  "loop with mdelay(1), for two seconds at most, and pr_warn() when the time runs out: then the other CPU could not come",
  "so far, and the run shows nothing. Do both only in threads whose current->comm is the name given. mdelay() is right",
  "where a spinlock is held or interrupts are off, too; with longer waits touch_nmi_watchdog() as well. Clear the flags",
  "before each round, for instance where the first row's thread comes by; with one round no clearing is needed.",
  "A start can be held in user space instead: the program takes microseconds to wait for each thread, CPU0 first.",
];

/** The table as Markdown. */
export function holdTable(rows: readonly HoldRow[]): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const lines = rows.map((row, index) => {
    const after = row.after === null ? "(its start)" : operationText(row.after);
    return `| ${[
      String(index + 1),
      `CPU${row.cpu} \`${row.comm}\``,
      placeText(row.before),
      after,
      operationText(row.before),
      `${row.untilIsMachine ? `the machine, ${row.until.thread}` : `CPU${row.until.cpu}`}: ${operationText(row.until)} in ${placeText(row.until)}`,
    ]
      .map(cell)
      .join(" | ")} |`;
  });
  return [
    "| # | hold | in | after | before | until |",
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}
