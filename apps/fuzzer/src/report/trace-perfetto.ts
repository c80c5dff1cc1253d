/** A trace in the Chrome trace-event format, which Perfetto opens: one row per CPU, one microsecond per step. */

import type { Trace } from "@mmrace/scheduler";

/** The JSON text. */
export function perfettoTrace(trace: Trace): string {
  const names = trace.threads.map(({ name, cpu }, tid) => ({
    ph: "M",
    name: "thread_name",
    pid: 1,
    tid,
    args: { name: `CPU${cpu} ${name}` },
  }));
  const steps = trace.events.map(({ thread, text, site, procedures }, step) => ({
    ph: "X",
    name: text,
    cat: procedures.at(-1) ?? "thread",
    pid: 1,
    tid: thread,
    ts: step,
    dur: 1,
    args: { site, procedures: procedures.join(" > ") },
  }));
  const at = trace.events.length;
  const ending =
    "message" in trace.ending
      ? [{ ph: "i", s: "g", name: `${trace.ending.oracle}: ${trace.ending.message}`, pid: 1, tid: 0, ts: at }]
      : [];
  return JSON.stringify({ displayTimeUnit: "ns", traceEvents: [...names, ...steps, ...ending] });
}
