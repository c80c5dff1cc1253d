/** Programs with known counts and verdicts. Correct ones must be clean; wrong ones must fail in some execution. */

import { atomics, largeAtomics } from "./correct/atomics.ts";
import { kernel } from "./correct/kernel.ts";
import { litmus } from "./correct/litmus.ts";
import { locks } from "./correct/locks.ts";
import { machine } from "./correct/machine.ts";
import { largeReadsAndWrites, readsAndWrites } from "./correct/reads-and-writes.ts";
import { sctbench } from "./correct/sctbench.ts";
import { largeTables, tables } from "./correct/tables.ts";
import type { Program } from "./program.ts";
import { machineDeadlocks } from "./wrong/deadlock/machine.ts";
import { deadlocks, largeDeadlocks } from "./wrong/deadlock/sctbench.ts";
import { lockOrders } from "./wrong/lock-order/kernel.ts";
import { crowdedRaces, largeRaces, races } from "./wrong/race/sctbench.ts";

export { executionsToBug, hunt, hunters } from "./hunt.ts";
export type { Hunt, Hunter } from "./hunt.ts";
export { lock, Mutex, trylock, unlock } from "./mutex.ts";
export { family, Memory, NOTHING_WRONG, program, times } from "./program.ts";
export type { Body, CostCounts, Expected, Parts, Program } from "./program.ts";
export { referenceOf } from "./reference.ts";
export { survey } from "./survey.ts";
export type { Survey } from "./survey.ts";

/** Programs without a bug, by family. */
export const correct: Readonly<Record<string, readonly Program[]>> = {
  atomics: ofAnyWorld(atomics),
  "reads and writes": ofAnyWorld(readsAndWrites),
  litmus: ofAnyWorld(litmus),
  tables: ofAnyWorld(tables),
  locks: ofAnyWorld(locks),
  kernel: ofAnyWorld(kernel),
  machine: ofAnyWorld(machine),
  sctbench: ofAnyWorld(sctbench),
};

/** Programs with a bug, by its kind. */
export const wrong: Readonly<Record<string, readonly Program[]>> = {
  race: ofAnyWorld(races),
  deadlock: ofAnyWorld(deadlocks),
  "deadlock of CPUs": ofAnyWorld(machineDeadlocks),
  "lock order": ofAnyWorld(lockOrders),
};

/** Programs without a bug that take too long for tests, for bench/dpor.mjs. */
export const slow: readonly Program[] = ofAnyWorld([...largeAtomics, ...largeReadsAndWrites, ...largeTables]);

/** Programs with a bug and a hundred threads: for samplers only. */
export const crowded: readonly Program[] = ofAnyWorld(crowdedRaces);

/** Programs with a bug that are too large for a complete search: for samplers and for searches within a bound. */
export const large: Readonly<Record<string, readonly Program[]>> = {
  race: ofAnyWorld(largeRaces),
  deadlock: ofAnyWorld(largeDeadlocks),
};

/** Forgets the type of the worlds: a program's functions only ever meet worlds that its own `setup` made. */
function ofAnyWorld<W>(programs: readonly Program<W>[]): readonly Program[] {
  return programs as unknown as readonly Program[];
}
