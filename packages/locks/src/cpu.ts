/**
 * CPUs: what runs there, and what may not. With preemption or interrupts off, no other thread of the CPU runs; while an
 * interrupt handler runs, nothing else does. Operations are in context.ts and interrupts.ts.
 */

import {
  activeEngine,
  CpuGate,
  SharedObject,
  UsageError,
  type ModelThread,
  type Steps,
  type Touch,
} from "@mmrace/scheduler";
import type { Lockdep } from "./lockdep/lockdep.ts";
import type { Rcu } from "./rcu.ts";

/** What runs on a CPU that was interrupted, with interrupts off. It may not sleep. */
export type InterruptHandler = (cpu: Cpu) => Steps<void>;

/** An interrupt on its way. */
export interface Interrupt {
  readonly handler: InterruptHandler;
  /** Counts handlers that have not run yet, where somebody waits for them. */
  readonly call: CallState | undefined;
}

/** A function call on other CPUs: how many of them have not run it yet. */
export class CallState extends SharedObject {
  left = 0;

  override stateValue(): unknown {
    return this.left;
  }
}

/** Optional traits of a machine. */
export interface MachineOptions {
  /** RCU whose grace periods wait for regions with preemption or interrupts off, as all do since 4.20. */
  readonly rcu?: Rcu;
}

/** The CPUs of a world, with the numbers 0, 1, ... Made in a scenario's `setup`. */
export class Machine {
  readonly lockdep: Lockdep;
  readonly rcu: Rcu | undefined;
  readonly cpus: readonly Cpu[];

  constructor(lockdep: Lockdep, count: number, { rcu }: MachineOptions = {}) {
    this.lockdep = lockdep;
    this.rcu = rcu;
    this.cpus = Array.from({ length: count }, (_, number) => new Cpu(this, number));
  }
}

/** Interrupts that have been sent to a CPU and were not taken yet. */
class Pending extends SharedObject {
  readonly queue: Interrupt[] = [];

  override stateValue(): unknown {
    return this.queue;
  }
}

/** One CPU. As a shared object it is what decides who may run. */
export class Cpu extends CpuGate {
  readonly machine: Machine;
  /** Interrupts on their way, oldest first. */
  readonly pending: Pending;
  /** Whether interrupts are off; for properties. */
  irqsAreOff = false;
  /** The actor that runs interrupt handlers here, if the scenario has it, and whether it runs one. */
  actor: ModelThread | undefined = undefined;
  isInHandler = false;
  /** The thread that has preemption or interrupts off. */
  #owner: ModelThread | undefined = undefined;
  /** How often preemption is off, by thread id. */
  readonly #depth: number[] = [];

  constructor(machine: Machine, number: number) {
    super("cpu", `CPU${number}`, number);
    this.machine = machine;
    this.pending = new Pending("irq", `interrupts of CPU${number}`);
  }

  override stateValue(): unknown {
    return [this.irqsAreOff, this.isInHandler, this.actor, this.#owner, this.#depth];
  }

  admits(thread: ModelThread): boolean {
    if (this.actor === thread) return true;
    return !this.isInHandler && (this.#owner === undefined || this.#owner === thread);
  }

  touchedBy(): readonly Touch[] {
    return [{ access: "read", object: this }];
  }

  /** How often a thread has disabled preemption. */
  preemptCount({ id }: ModelThread): number {
    return this.#depth[id] ?? 0;
  }

  /** A thread disables (+1) or enables (-1) preemption. */
  changePreemption(thread: ModelThread, by: 1 | -1): void {
    this.machine.lockdep.preemptionChanged(thread, by);
    this.#depth[thread.id] = Math.max(this.preemptCount(thread) + by, 0);
    this.#settle(thread);
  }

  /** A thread turns interrupts off or on. */
  changeIrqs(thread: ModelThread, areOff: boolean): void {
    this.machine.lockdep.irqsChanged(thread, areOff);
    this.irqsAreOff = areOff;
    this.#settle(thread);
  }

  /** The actor starts to run a handler. */
  enterHandler(thread: ModelThread): void {
    this.machine.lockdep.hardirqChanged(thread, 1);
    this.machine.lockdep.irqsChanged(thread, true);
    this.machine.rcu?.enter(thread);
    this.isInHandler = this.irqsAreOff = true;
  }

  /** The handler returns to what it has interrupted. */
  leaveHandler(thread: ModelThread): void {
    this.machine.lockdep.irqsChanged(thread, false);
    this.machine.lockdep.hardirqChanged(thread, -1);
    this.machine.rcu?.leave(thread);
    this.isInHandler = this.irqsAreOff = false;
  }

  /** What entering or leaving such a region touches besides the CPU: RCU waits for it. */
  touchedByRegion(thread: ModelThread): readonly Touch[] {
    const { rcu } = this.machine;
    return rcu === undefined ? [] : [{ access: "read", object: rcu }, ...rcu.touchedByLeave(thread)];
  }

  /** Gives the CPU to a thread that may not be preempted, or back to all. */
  #settle(thread: ModelThread): void {
    if (thread === this.actor) return;
    const owner = this.irqsAreOff || this.preemptCount(thread) > 0 ? thread : undefined;
    if (owner === this.#owner) return;
    this.#owner = owner;
    if (owner === undefined) this.machine.rcu?.leave(thread);
    else this.machine.rcu?.enter(thread);
  }
}

/** The CPU of the running thread. @throws {UsageError} when the world has made none of its number. */
export function thisCpu(): Cpu {
  const { gate, name, cpu } = activeEngine().currentThread;
  if (gate instanceof Cpu) return gate;
  throw new UsageError(`${name} runs on CPU${cpu}, which the world does not have: make a Machine in setup.`);
}

/** Whether the running thread is an interrupt handler: the kernel's in_interrupt, of which only hard ones are here. */
export function inInterrupt(): boolean {
  const cpu = thisCpu();
  return cpu.isInHandler && cpu.actor === activeEngine().currentThread;
}

/** Whether interrupts are off where the running thread runs. */
export function irqsDisabled(): boolean {
  return thisCpu().irqsAreOff;
}
