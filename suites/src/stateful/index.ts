/** Systems for searches over states, with the numbers of states that others have published. */

import type { Program } from "../program.ts";
import { AbdServer } from "./abd.ts";
import { asidAllocator } from "./asid-allocator.ts";
import type { AsidSizes } from "./asid-world.ts";
import { queuedLock, ticketLock } from "./kernel-locks.ts";
import { PaxosServer } from "./paxos.ts";
import { philosophers } from "./philosophers.ts";
import { queuedSpinlock, type SpinlockSizes } from "./qspinlock.ts";
import { registerProgram } from "./register.ts";
import { singleCopy } from "./single-copy.ts";
import { twoPhaseCommit } from "./two-phase-commit.ts";

const clients = 2;

/** Registers over a network: the systems and numbers of Stateright's tests. All are linearizable. */
export const registers: readonly Program[] = [
  ofAnyWorld(registerProgram("single-copy register", { servers: 1, clients }, singleCopy, { states: 93 })),
  ofAnyWorld(
    registerProgram("ABD register", { servers: 2, clients }, (id) => new AbdServer(id, 2), { states: 544 }),
  ),
  ofAnyWorld(
    registerProgram("Paxos", { servers: 3, clients }, (id) => new PaxosServer(id, 3), { states: 16_668 }),
  ),
];

/** A register that is not linearizable: of two copies that know nothing of each other. */
export const twoCopies: Program = ofAnyWorld(
  registerProgram("single-copy register on two servers", { servers: 2, clients }, singleCopy, {}),
);

/** Commits: Stateright's example. */
export const commits: readonly Program[] = [
  ofAnyWorld(twoPhaseCommit(3, { states: 288 })),
  ofAnyWorld(twoPhaseCommit(5, { states: 8832 })),
];

/** SPIN counts 14,159, of which one is its own state before the first. */
export const dining: Program = ofAnyWorld(philosophers(8, { states: 14_158 }));

/** Locks of Linux. Four tickets are enough for four threads. */
export const kernelLocks: readonly Program[] = [
  ofAnyWorld(ticketLock(4, 4, { states: 5316 })),
  ofAnyWorld(queuedLock(2, 2, { states: 3570 })),
];

/**
 * Identifiers of address spaces, with the numbers of states that TLC counts without symmetry. The first, on two CPUs, has an
 * identifier for each task, so it never begins a second generation; the second does.
 */
export const asidAllocators: readonly { readonly sizes: AsidSizes; readonly program: Program }[] = [
  [{ cpus: 2, tasks: 2, asids: 4, generations: 3 }, 197_000] as const,
  [{ cpus: 1, tasks: 3, asids: 3, generations: 2 }, 120_848] as const,
].map(([sizes, states]) => ({ sizes, program: ofAnyWorld(asidAllocator(sizes, { states })) }));

/** The queued spinlock, with the numbers of states that TLC counts without symmetry. */
export const spinlocks: readonly { readonly sizes: SpinlockSizes; readonly program: Program }[] = [
  [{ cpus: 2, pendingLoops: 1 }, 9722] as const,
  [{ cpus: 2, pendingLoops: 2 }, 12_282] as const,
].map(([sizes, states]) => ({ sizes, program: ofAnyWorld(queuedSpinlock(sizes, { states })) }));

function ofAnyWorld<W>(program: Program<W>): Program {
  return program as unknown as Program;
}
