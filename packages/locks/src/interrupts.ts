/**
 * Interrupts, and calls of functions on other CPUs by them. Kernel: kernel/smp.c, Linux v6.12. The handlers of a CPU are
 * run by an internal actor there, which is late as it likes but comes only while interrupts are on.
 *
 * Reduced: hard interrupts only, which are not interrupted themselves; a CPU takes them in the order in which they came.
 */

import {
  activeEngine,
  Operation,
  violate,
  type ModelThread,
  type OperationKind,
  type Steps,
  type ThreadSpec,
  type Touch,
} from "@mmrace/scheduler";
import { preemptDisable, preemptEnable } from "./context.ts";
import { CallState, thisCpu, type Cpu, type Interrupt, type InterruptHandler, type Machine } from "./cpu.ts";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";

const enterKind: OperationKind<Cpu, void, Interrupt> = {
  name: "irq_enter",
  access: "write",
  order: "locked",
  isIndispensable: true,
  isEnabled: ({ pending, irqsAreOff }) => pending.queue.length > 0 && !irqsAreOff,
  touches: (cpu, _argument, thread) => [
    { access: "write", object: cpu.pending },
    ...cpu.touchedByRegion(thread),
  ],
  perform: (cpu, _argument, thread) => {
    cpu.enterHandler(thread);
    return cpu.pending.queue.shift()!;
  },
  describe: ({ name }) => `${name} is interrupted`,
};

const exitKind: OperationKind<Cpu, CallState | undefined, void> = {
  name: "irq_exit",
  access: "write",
  order: "locked",
  isIndispensable: true,
  touches: (cpu, call, thread) => {
    const touches = cpu.touchedByRegion(thread);
    return call === undefined ? touches : [...touches, { access: "write", object: call }];
  },
  perform: (cpu, call, thread) => {
    cpu.leaveHandler(thread);
    if (call !== undefined) call.left--;
  },
  describe: ({ name }) => `${name} returns from the interrupt`,
};

/** The actor that runs the handlers of a CPU. Use it as a daemon with that `cpu`; see `interruptDaemons`. */
export function* runInterrupts(cpu: Cpu): Steps<void> {
  cpu.actor = activeEngine().currentThread;
  for (;;) {
    const { handler, call } = yield* Operation.of(enterKind, cpu, undefined);
    yield* handler(cpu);
    yield* Operation.of(exitKind, cpu, call);
  }
}

/** The actors of the first `count` CPUs, as a scenario's daemons: `CPU0 irq`, `CPU1 irq`, ... */
export function interruptDaemons<W>(
  count: number,
  machineOf: (world: W) => Machine,
): Record<string, ThreadSpec<W>> {
  const specOf = (cpu: number): ThreadSpec<W> => ({
    cpu,
    run: (world) => runInterrupts(machineOf(world).cpus[cpu]!),
  });
  return Object.fromEntries(Array.from({ length: count }, (_, cpu) => [`CPU${cpu} irq`, specOf(cpu)]));
}

const raiseKind: OperationKind<Cpu["pending"], InterruptHandler, void> = {
  name: "raise_irq",
  access: "write",
  order: "none",
  perform: ({ queue }, handler) => void queue.push({ handler, call: undefined }),
};

/** A device interrupts a CPU. */
export function raiseIrq(cpu: Cpu, handler: InterruptHandler): Operation<void> {
  return Operation.of(raiseKind, cpu.pending, handler);
}

/** How a function is called on other CPUs. */
export interface CallOptions {
  /** Whether to go on only when all of them have run it. */
  readonly wait: boolean;
  /** Do not report waiting with interrupts off, so that the search goes on to the deadlock, if there is one. */
  readonly isUnchecked?: boolean;
}

interface Call extends CallOptions {
  readonly machine: Machine;
  readonly targets: readonly number[];
  readonly handler: InterruptHandler;
}

const sendKind: OperationKind<CallState, Call, void> = {
  name: "smp_call_function_many",
  access: "write",
  order: "locked",
  touches: (_state, { machine, targets }): readonly Touch[] =>
    targets.flatMap((target) => {
      const cpu = machine.cpus[target];
      return cpu === undefined ? [] : [{ access: "write" as const, object: cpu.pending }];
    }),
  perform: (state, call, thread) => {
    const wrong = misuse(call, thread);
    if (wrong !== undefined) {
      const site = thread.pending?.site?.address;
      violate(LOCK_PROTOCOL, `${thread.name} at ${site} ${wrong}`);
      return;
    }
    const { machine, targets, handler, wait } = call;
    state.left = targets.length;
    for (const target of targets)
      machine.cpus[target]!.pending.queue.push({ handler, call: wait ? state : undefined });
  },
  describe: (_state, { targets }) =>
    `smp_call_function_many(${targets.map((cpu) => `CPU${cpu}`).join(", ")})`,
};

/** What the kernel warns of, and what it could not do at all. */
function misuse({ machine, targets, wait, isUnchecked }: Call, thread: ModelThread): string | undefined {
  const missing = targets.find((target) => machine.cpus[target] === undefined);
  if (missing !== undefined) return `interrupts CPU${missing}, which does not exist`;
  const cpu = machine.cpus[thread.cpu]!;
  if (!cpu.irqsAreOff && cpu.preemptCount(thread) === 0)
    return "calls a function elsewhere with preemption on";
  return wait && cpu.irqsAreOff && isUnchecked !== true
    ? "waits for other CPUs with interrupts off"
    : undefined;
}

const waitKind: OperationKind<CallState, void, void> = {
  name: "csd_lock_wait",
  access: "read",
  order: "none",
  isWait: true,
  isEnabled: ({ left }) => left === 0,
  perform: () => {},
  describe: () => "all of them have run it",
};

/**
 * Runs a function on CPUs, by numbers, in their interrupt handlers; the own one is left out. With `wait` it blocks, while
 * one of them has interrupts off, say. Call it with preemption off; what else it reports: a CPU that does not exist, and
 * waiting with interrupts off. A full barrier, on both sides. Kernel: smp_call_function_many.
 */
export function* smpCallFunctionMany(
  targets: readonly number[],
  handler: InterruptHandler,
  options: CallOptions,
): Steps<void> {
  const { machine, cpu: self } = thisCpu();
  const others = targets.filter((target) => target !== self);
  const state = new CallState("ipi");
  yield* Operation.of(sendKind, state, { ...options, machine, targets: others, handler });
  if (options.wait) yield* Operation.of(waitKind, state, undefined);
}

/** Runs a function on all other CPUs, with preemption off meanwhile. Kernel: smp_call_function. */
export function* smpCallFunction(handler: InterruptHandler, options: CallOptions): Steps<void> {
  yield* preemptDisable();
  const all = thisCpu().machine.cpus.map(({ cpu }) => cpu);
  yield* smpCallFunctionMany(all, handler, options);
  yield* preemptEnable();
}
