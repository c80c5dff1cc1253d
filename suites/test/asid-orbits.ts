/** What TLC counts of asidalloc: of all states that differ in which CPU or which task is which, it looks at the first it meets. */

import type { AsidSizes } from "../src/stateful/asid-world.ts";
import { after, startOf, type State } from "./asid-machine.ts";

type Order = readonly number[];

/** All orders of so many numbers, as they are first. */
function orders(length: number): readonly Order[] {
  if (length === 0) return [[]];
  return orders(length - 1).flatMap((order) =>
    Array.from({ length }, (_, at) => order.toSpliced(length - 1 - at, 0, length - 1)),
  );
}

/** A state whose CPUs and tasks have been given other numbers. All of it, in an order of its own. */
function textOf({ cpus, tasks, unmapper, ...others }: State, cpuTo: Order, taskTo: Order): string {
  const task = (id: number | null): number | null => (id === null ? null : (taskTo[id] ?? id));
  const ofTasks: unknown[] = [];
  for (const [from, to] of taskTo.entries()) ofTasks[to] = Object.values(tasks[from]!);
  const ofCpus: unknown[] = [];
  for (const [from, to] of cpuTo.entries()) {
    const { variables, tlb, running, ...rest } = cpus[from]!;
    const { left, cpu, task: old, newTask, ...values } = variables;
    const cached = tlb.map(([id, asid]) => `${task(id)}:${asid}`).sort();
    const renamed = [
      task(running[0]),
      running[1],
      task(old),
      task(newTask),
      cpu === null ? null : cpuTo[cpu],
    ];
    ofCpus[to] = [
      renamed,
      left?.map((id) => cpuTo[id]).sort(),
      cached,
      Object.values(rest),
      Object.values(values),
    ];
  }
  return JSON.stringify([
    Object.values(others),
    ofCpus,
    ofTasks,
    task(unmapper.task),
    unmapper.place,
    unmapper.asid,
  ]);
}

/** What was counted. TLC counts states along the deepest path, and the first state as generated. */
export interface OrbitCounts {
  /** The states that were looked at: one of each class. */
  readonly orbits: number;
  readonly generated: number;
  readonly depth: number;
  /** Over all states of these classes: how many there are, their steps, and steps that begin a generation too many. */
  readonly all: { readonly states: number; readonly transitions: number; readonly outside: number };
}

/** Searches breadth-first. */
export function countOrbits(sizes: AsidSizes): OrbitCounts {
  const numberings = orders(sizes.cpus).flatMap((cpus) =>
    orders(sizes.tasks).map((tasks) => [cpus, tasks] as const),
  );
  const asTheyAre = numberings[0]!;
  const seen = new Set<string>();
  let [orbits, generated, depth, transitions, outside] = [0, 1, 0, 0, 0];
  /** @returns how many states are of one class with this one. */
  const add = (state: State): number => {
    orbits++;
    const before = seen.size;
    for (const [cpus, tasks] of numberings) seen.add(textOf(state, cpus, tasks));
    return seen.size - before;
  };
  const start = startOf(sizes);
  for (let level: [State, number][] = [[start, add(start)]]; level.length > 0; depth++) {
    const below: typeof level = [];
    for (const [state, size] of level)
      for (const next of after(state)) {
        generated++;
        const isOutside = next.generation > sizes.generations;
        if (isOutside) outside += size;
        else transitions += size;
        if (!isOutside && !seen.has(textOf(next, ...asTheyAre))) below.push([next, add(next)]);
      }
    level = below;
  }
  return { orbits, generated, depth, all: { states: seen.size, transitions, outside } };
}
