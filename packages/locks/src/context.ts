/**
 * Regions in which a thread may not be preempted, or not even be interrupted. Kernel: include/linux/preempt.h and
 * include/linux/irqflags.h, Linux v6.12. They act on the CPU of the running thread, and are no barriers.
 */

import { Operation, violate, type OperationKind } from "@mmrace/scheduler";
import { thisCpu, type Cpu } from "./cpu.ts";
import { LOCK_PROTOCOL } from "./lockdep/acquisition.ts";

/** What `localIrqSave` found: whether interrupts were off already, and where. */
export interface IrqFlags {
  readonly cpu: Cpu;
  readonly wereOff: boolean;
}

function regionKind<A, R>(
  name: string,
  role: "acquire" | "release",
  perform: OperationKind<Cpu, A, R>["perform"],
): OperationKind<Cpu, A, R> {
  return {
    name,
    access: "write",
    order: "none",
    role,
    touches: (cpu, _argument, thread) => cpu.touchedByRegion(thread),
    perform,
    describe: () => `${name}()`,
  };
}

const preemptDisableKind = regionKind<void, void>("preempt_disable", "acquire", (cpu, _none, thread) =>
  cpu.changePreemption(thread, 1),
);

const preemptEnableKind = regionKind<void, void>("preempt_enable", "release", (cpu, _none, thread) =>
  cpu.changePreemption(thread, -1),
);

const irqDisableKind = regionKind<void, void>("local_irq_disable", "acquire", (cpu, _none, thread) =>
  cpu.changeIrqs(thread, true),
);

const irqEnableKind = regionKind<void, void>("local_irq_enable", "release", (cpu, _none, thread) => {
  if (cpu.isInHandler) {
    violate(LOCK_PROTOCOL, `${thread.name} enables interrupts on ${cpu.name} inside an interrupt handler`);
  } else cpu.changeIrqs(thread, false);
});

const irqSaveKind = regionKind<void, IrqFlags>("local_irq_save", "acquire", (cpu, _none, thread) => {
  const flags = { cpu, wereOff: cpu.irqsAreOff };
  cpu.changeIrqs(thread, true);
  return flags;
});

const irqRestoreKind = regionKind<IrqFlags, void>(
  "local_irq_restore",
  "release",
  (cpu, { cpu: savedOn, wereOff }, thread) => {
    if (savedOn !== cpu) {
      violate(LOCK_PROTOCOL, `${thread.name} restores interrupts of ${savedOn.name} on ${cpu.name}`);
    } else if (!cpu.irqsAreOff) {
      violate(LOCK_PROTOCOL, `${thread.name} restores interrupts of ${cpu.name}, which are on already`);
    } else if (!wereOff) cpu.changeIrqs(thread, false);
  },
);

/** Keeps the other threads of the CPU away. Nests. */
export function preemptDisable(): Operation<void> {
  return Operation.of(preemptDisableKind, thisCpu(), undefined);
}

/** Ends what `preemptDisable` began; without that it is reported. */
export function preemptEnable(): Operation<void> {
  return Operation.of(preemptEnableKind, thisCpu(), undefined);
}

/** Turns interrupts off: handlers wait, and other threads of the CPU too. Does not nest. */
export function localIrqDisable(): Operation<void> {
  return Operation.of(irqDisableKind, thisCpu(), undefined);
}

/** Turns interrupts on, whoever has turned them off. In a handler it is reported. */
export function localIrqEnable(): Operation<void> {
  return Operation.of(irqEnableKind, thisCpu(), undefined);
}

/** Turns interrupts off; the result says how to go back. */
export function localIrqSave(): Operation<IrqFlags> {
  return Operation.of(irqSaveKind, thisCpu(), undefined);
}

/** Goes back to what `localIrqSave` has found. Reported when interrupts are on, or the flags are another CPU's. */
export function localIrqRestore(flags: IrqFlags): Operation<void> {
  return Operation.of(irqRestoreKind, thisCpu(), flags);
}
