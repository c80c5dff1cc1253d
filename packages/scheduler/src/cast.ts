/** The threads of a scenario, told apart from how the scenario writes them down. */

import type { Scenario, ThreadBody } from "./scenario.ts";

/** A thread of the scenario, before it runs. */
export interface Part<W> {
  readonly name: string;
  readonly cpu: number;
  readonly isDaemon: boolean;
  readonly run: ThreadBody<W>;
}

/** Threads first, then daemons; each on a CPU of its own unless it says otherwise. */
export function castOf<W>({ threads, daemons = {} }: Scenario<W>): readonly Part<W>[] {
  const parts = Object.entries(threads).map(([name, spec], id) => {
    const { run, cpu = id } = typeof spec === "function" ? { run: spec } : spec;
    return { name, cpu, isDaemon: false, run };
  });
  const actors = Object.entries(daemons).map(([name, run], at) => ({
    name,
    cpu: parts.length + at,
    isDaemon: true,
    run,
  }));
  return [...parts, ...actors];
}
