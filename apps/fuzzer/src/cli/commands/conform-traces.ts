/** `mmrace conform traces`: does the model lock and write what a real kernel does? */

import { basename } from "node:path";
import {
  compareTraces,
  EVENTS_LEFT_OUT,
  LOCKS_LEFT_OUT,
  parseTraces,
  type TraceVerdict,
} from "@mmrace/mm/conform";
import { readText, resultOf, verdict } from "../conform-files.ts";
import type { CommandResult } from "../output.ts";

/** Lines of one difference that are printed; all of them are in the JSON. */
const SHOWN_MAX = 24;

/** Compares every operation of the files. */
export function conformTraces(files: readonly string[]): CommandResult {
  const operations = files.flatMap((path) =>
    compareTraces(parseTraces(readText(path))).map((result) => ({ file: basename(path), ...result })),
  );
  const count = (wanted: TraceVerdict["verdict"]): number =>
    operations.filter(({ verdict: is }) => is === wanted).length;
  const different = count("different");
  const totals = {
    compared: count("equal") + different,
    equal: count("equal"),
    different,
    skipped: count("skipped"),
  };
  const last =
    `${totals.compared} operations compared, ${totals.equal} equal, ${verdict(different, "difference", "differences")}, ` +
    `${totals.skipped} skipped`;
  return resultOf([...operations.flatMap(linesOf), last], different, {
    ...totals,
    operations,
    leftOut: { locks: LOCKS_LEFT_OUT, events: EVENTS_LEFT_OUT },
  });
}

function linesOf({ op, kernel, verdict: is, reason, lines, differences }: TraceVerdict): readonly string[] {
  const head = `${kernel.padEnd(5)} ${op.padEnd(28)} `;
  if (is === "skipped") return [`${head}skipped: ${reason}`];
  if (is === "equal") return [`${head}equal, ${lines} lines`];
  const shown = differences.slice(0, SHOWN_MAX).map((line) => `        ${line}`);
  const left = differences.length - shown.length;
  return [`${head}DIFFERENT`, ...shown, ...(left > 0 ? [`        ... ${left} more lines, see --json`] : [])];
}
