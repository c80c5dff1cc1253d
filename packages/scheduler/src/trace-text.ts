/** Traces as text: CPU columns as in a commit message, or one numbered line per step. */

import type { Trace, TraceEvent } from "./trace.ts";

/** Options of `columnsText`. */
export interface ColumnsOptions {
  /** Width of one column in characters. Default: as wide as needed, at most 56. */
  readonly columnWidth?: number;
}

interface Row {
  readonly column: number;
  readonly text: string;
}

/** One column per thread, `CPU0 | CPU1`, time downwards; procedures indent what runs inside them. */
export function columnsText(trace: Trace, options: ColumnsOptions = {}): string {
  const used = trace.threads
    .map((_, thread) => thread)
    .filter((thread) => trace.events.some(({ column }) => column === thread));
  const rows = rowsOf(trace);
  const longest = Math.max(
    ...rows.map(({ text }) => text.length),
    ...used.map((thread) => heading(trace, thread).length),
    0,
  );
  const width = options.columnWidth ?? Math.min(longest, 56);

  const lines: string[] = [];
  const put = (column: number, text: string): void => {
    for (const piece of wrap(text, width)) {
      lines.push(
        used
          .map((_, at) => (at === column ? piece : "").padEnd(width))
          .join(" | ")
          .trimEnd(),
      );
    }
  };
  lines.push(
    used
      .map((thread) => heading(trace, thread).padEnd(width))
      .join(" | ")
      .trimEnd(),
  );
  lines.push(used.map(() => "-".repeat(width)).join("-+-"));
  for (const { column, text } of rows) put(used.indexOf(column), text);
  if ("message" in trace.ending) lines.push("", `*** ${trace.ending.oracle}: ${trace.ending.message}`);
  return lines.join("\n");
}

/** One line per step: number, thread, site, operation. */
export function stepsText(trace: Trace): string {
  const names = Math.max(...trace.threads.map(({ name }) => name.length), 0);
  const lines = trace.events.map(({ thread, site, text }, step) => {
    const { name, cpu } = trace.threads[thread]!;
    return `${String(step).padStart(4)}  CPU${cpu} ${name.padEnd(names)}  ${text}  [${site}]`;
  });
  if ("message" in trace.ending) lines.push(`      *** ${trace.ending.oracle}: ${trace.ending.message}`);
  return lines.join("\n");
}

function heading(trace: Trace, thread: number): string {
  const { name, cpu } = trace.threads[thread]!;
  return `CPU${cpu} ${name}`;
}

/** Operations, each preceded by the procedures that its thread has entered since its last row. */
function rowsOf(trace: Trace): Row[] {
  const rows: Row[] = [];
  const last: (TraceEvent | undefined)[] = [];
  for (const event of trace.events) {
    const { thread, column, procedures, calls } = event;
    const before = last[thread]?.calls ?? [];
    let shared = 0;
    while (shared < calls.length && calls[shared] === before[shared]) shared++;
    for (let depth = shared; depth < procedures.length; depth++) {
      rows.push({ column, text: `${"  ".repeat(depth)}${procedures[depth]}()` });
    }
    rows.push({ column, text: `${"  ".repeat(procedures.length)}${event.text}` });
    last[thread] = event;
  }
  return rows;
}

/** Cuts a line at blanks; continuation lines keep the indent and two more. */
function wrap(text: string, width: number): string[] {
  const pieces: string[] = [];
  const indent = " ".repeat(Math.min(text.length - text.trimStart().length + 2, width >> 1));
  let rest = text;
  while (rest.length > width) {
    const blank = rest.lastIndexOf(" ", width);
    const at = blank > indent.length ? blank : width;
    pieces.push(rest.slice(0, at));
    rest = indent + rest.slice(at).trimStart();
  }
  pieces.push(rest);
  return pieces;
}
