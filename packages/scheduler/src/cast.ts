/** The threads of a scenario, told apart from how the scenario writes them down. */

import { UsageError } from "./assert.ts";
import { gateOf } from "./cpu-gate.ts";
import type { MemoryModel } from "./run-settings.ts";
import { THREADS_MAX, type Scenario, type ThreadBody, type ThreadSpec } from "./scenario.ts";
import type { Steps } from "./steps.ts";
import { drains, StoreBuffer } from "./store-buffer.ts";
import { ModelThread } from "./thread.ts";

/** A thread of the scenario, before it runs. */
export interface Part<W> {
  readonly name: string;
  readonly cpu: number;
  readonly isDaemon: boolean;
  readonly code: string;
  readonly run: ThreadBody<W>;
}

/** Threads first, then daemons; each on a CPU of its own unless it says otherwise. */
export function castOf<W>({ threads, daemons = {} }: Scenario<W>): readonly Part<W>[] {
  const count = Object.keys(threads).length;
  return [
    ...Object.entries(threads).map(([name, spec], id) => partOf(name, spec, id, false)),
    ...Object.entries(daemons).map(([name, spec], at) => partOf(name, spec, count + at, true)),
  ];
}

function partOf<W>(
  name: string,
  spec: ThreadBody<W> | ThreadSpec<W>,
  ownCpu: number,
  isDaemon: boolean,
): Part<W> {
  if (typeof spec === "function") return { name, cpu: ownCpu, isDaemon, code: name, run: spec };
  return { name, cpu: spec.cpu ?? ownCpu, isDaemon, code: spec.code ?? name, run: spec.run };
}

/** Fills `threads` and their `bodies` for one execution, in a world that was just set up. */
export function enlist<W>(
  cast: readonly Part<W>[],
  world: W,
  memory: MemoryModel,
  threads: ModelThread[],
  bodies: Steps<void>[],
): void {
  threads.length = bodies.length = 0;
  for (const [id, { name, cpu, isDaemon, code, run }] of cast.entries()) {
    const thread = new ModelThread(id, name, cpu, isDaemon, code);
    thread.gate = gateOf(cpu);
    threads.push(thread);
    bodies.push(run(world));
  }
  if (memory === "tso") enlistStoreBuffers(threads, bodies);
}

/** One actor per CPU, after all others. */
function enlistStoreBuffers(threads: ModelThread[], bodies: Steps<void>[]): void {
  const own = [...threads];
  const buffers: StoreBuffer[] = [];
  for (const cpu of new Set(own.map((thread) => thread.cpu))) {
    const users = own.filter((thread) => thread.cpu === cpu);
    const buffer = new StoreBuffer(cpu, users.length > 1);
    buffers.push(buffer);
    buffer.ofAllCpus = buffers;
    for (const thread of users) thread.storeBuffer = buffer;
    const actor = new ModelThread(threads.length, buffer.name, cpu, true);
    actor.isHardware = true;
    threads.push(actor);
    bodies.push(drains(buffer));
  }
  if (threads.length <= THREADS_MAX) return;
  throw new UsageError(
    `Under tso, ${own.length} threads and daemons need ${threads.length - own.length} store buffers; together at most ` +
      `${THREADS_MAX} fit. Put threads on one CPU, or leave some out.`,
  );
}
