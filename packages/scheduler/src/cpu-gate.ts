/** Gates: what keeps a thread off its CPU, such as an interrupt handler that runs there. */

import type { Touch } from "./operation.ts";
import { SharedObject } from "./shared-object.ts";
import type { ModelThread } from "./thread.ts";

/** By CPU number; only CPUs that the running execution's `setup` has made a gate for. */
let gates: CpuGate[] = [];

/** Forgets all gates. The engine calls it before each `setup`. */
export function restartGates(): void {
  if (gates.length > 0) gates = [];
}

/** The gate of a CPU, if the world has one. */
export function gateOf(cpu: number): CpuGate | undefined {
  return gates[cpu];
}

/** Decides which threads of one CPU can run. Made in `setup`; from then on the engine asks it about the CPU's threads. */
export abstract class CpuGate extends SharedObject {
  readonly cpu: number;

  /** @param cpu the number of the CPU; a scenario's threads have 0, 1, ... unless it says otherwise. */
  constructor(className: string, name: string, cpu: number) {
    super(className, name);
    this.cpu = cpu;
    gates[cpu] = this;
  }

  /** Whether a thread of this CPU can run now, if its operation can. Must not change anything. */
  abstract admits(thread: ModelThread): boolean;

  /** What `admits` looks at: every operation of the thread touches it too. */
  abstract touchedBy(thread: ModelThread): readonly Touch[];
}
