/** asidalloc as TLC looks at it: CPUs and tasks are each alike. */

import type { AsidSizes } from "../src/stateful/asid-world.ts";
import { after, startOf, type State } from "./asid-machine.ts";
import { countOrbits, orders, type OrbitCounts, type Order } from "./orbits.ts";

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

/** A state that begins a generation too many is not looked at. */
export function countAsidOrbits(sizes: AsidSizes): OrbitCounts {
  const numberings = orders(sizes.cpus).flatMap((cpus) =>
    orders(sizes.tasks).map((tasks) => [cpus, tasks] as const),
  );
  return countOrbits<State>({
    start: startOf(sizes),
    after,
    images: (state) => numberings.map(([cpus, tasks]) => textOf(state, cpus, tasks)),
    isOutside: ({ generation }) => generation > sizes.generations,
  });
}
