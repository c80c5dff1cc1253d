/**
 * The translation caches of CPUs that run user code, and how the kernel empties them. Kernel: arch/x86/mm/tlb.c.
 *
 * What a CPU may cache and what an invalidation must remove is in @mmrace/x86-paging. CPUs that run no user code of an
 * mm cache nothing, so that a scenario without user accesses pays nothing for its flushes.
 *
 * Reduced: a flush takes effect on all CPUs in one step, the step in which the last of them has answered; PCIDs and lazy
 * CPUs are not modelled. Up to then every CPU may use what it has cached, as in the kernel.
 */

import type { Cpu, Machine } from "@mmrace/locks";
import { Operation, SharedObject, type OperationKind, type Touch } from "@mmrace/scheduler";
import { pagesSpanned, TranslationCaches, virtualPage } from "@mmrace/x86-paging";
import type { Folio } from "./folio.ts";
import type { MmStruct } from "./mm-struct.ts";

/** What one CPU has cached of one mm. */
export class CpuTlb extends SharedObject {
  readonly cpu: number;
  readonly caches: TranslationCaches = new TranslationCaches();
  /** The CPU as a gate, when the world has a machine whose interrupts can be off. */
  readonly gate: Cpu | undefined;

  constructor(cpu: number, mm: string, gate: Cpu | undefined) {
    super("tlb", `TLB of CPU${cpu}, ${mm}`);
    this.cpu = cpu;
    this.gate = gate;
  }

  override stateValue(): unknown {
    return [this.caches.translations, this.caches.structures];
  }
}

/** All TLBs of an mm. */
export class Tlbs extends SharedObject {
  readonly cpus: CpuTlb[] = [];
  /** Whether a flush waits for CPUs with interrupts off: not so with paravirtual or broadcast invalidation. */
  impliesIpi = true;

  /** Whether a CPU has a translation to a page of the folio: for properties. */
  canReach(folio: Folio): boolean {
    return this.cpus.some(({ caches }) => caches.translations.some(({ frame }) => folio.hasPfn(frame)));
  }

  override stateValue(): undefined {
    return undefined;
  }
}

/** Addresses from `start` up to `end`; what of the caches must go. */
export interface FlushRange {
  readonly start: number;
  readonly end: number;
  /** Page tables were unlinked: cached pointers to tables must go too, on lazy CPUs as well. */
  readonly freedTables: boolean;
}

/** More pages than these are flushed whole (arch/x86/mm/tlb.c, tlb_single_page_flush_ceiling). */
const CEILING = 33;

const flushKind: OperationKind<Tlbs, FlushRange, void> = {
  name: "flush_tlb_mm_range",
  access: "none",
  order: "locked",
  touches: (tlbs): readonly Touch[] =>
    tlbs.cpus.flatMap((tlb) => {
      const own: Touch = { access: "write", object: tlb };
      return tlb.gate === undefined ? [own] : [own, { access: "read", object: tlb.gate }];
    }),
  isEnabled: (tlbs, _range, thread) =>
    !tlbs.impliesIpi ||
    tlbs.cpus.every(({ gate, cpu }) => gate === undefined || cpu === thread.cpu || !gate.irqsAreOff),
  perform: (tlbs, range) => {
    for (const { caches } of tlbs.cpus) invalidate(caches, range);
  },
  describe: (_tlbs, { start, end }) =>
    end - start >= CEILING * 4096
      ? "flush_tlb_mm_range(all)"
      : `flush_tlb_mm_range(0x${start.toString(16)}, 0x${end.toString(16)})`,
};

/** All CPUs of a machine, as the target of an interrupt that does nothing. */
class Ipi extends SharedObject {
  readonly machine: Machine;

  constructor(machine: Machine) {
    super("ipi");
    this.machine = machine;
  }

  override stateValue(): undefined {
    return undefined;
  }
}

const ipiKind: OperationKind<Ipi, void, void> = {
  name: "smp_call_function",
  access: "none",
  order: "locked",
  touches: ({ machine }) => machine.cpus.map((object) => ({ access: "read", object })),
  isEnabled: ({ machine }, _none, thread) =>
    machine.cpus.every((cpu, number) => number === thread.cpu || !cpu.irqsAreOff),
  perform: () => {},
  describe: () => "smp_call_function(tlb_remove_table_smp_sync)",
};

/** Interrupts all other CPUs and waits until each has had its interrupts on. One step, as a flush is. */
export function waitForIpi(machine: Machine): Operation<void> {
  return Operation.of(ipiKind, new Ipi(machine), undefined);
}

/** INVLPG drops every cached table pointer of the address space, so no flush leaves one behind. */
function invalidate(caches: TranslationCaches, { start, end }: FlushRange): void {
  const first = virtualPage(BigInt(start));
  const last = virtualPage(BigInt(end - 1));
  const isAll = last - first >= CEILING;
  caches.retain(
    ({ page, pages }) => !isAll && (page > last || page + pages <= first),
    () => false,
  );
}

/** Empties the TLBs of an mm of a range and waits for all CPUs: flush_tlb_range() and flush_tlb_page(). */
export function flushTlbRange(mm: MmStruct, start: number, end: number, freedTables = true): Operation<void> {
  return Operation.of(flushKind, mm.tlbs, { start, end, freedTables });
}

/** Empties the TLBs of an mm: flush_tlb_mm(). */
export function flushTlbMm(mm: MmStruct): Operation<void> {
  return Operation.of(flushKind, mm.tlbs, { start: 0, end: pagesSpanned(5) * 4096, freedTables: true });
}
