/**
 * Zapping a range of one VMA, or of all VMAs of a range, with the notifiers and the gather that belong to it.
 *
 * Pages without references (VM_PFNMAP) need a flush before their VMA leaves the rmap, since whoever revokes them trusts the
 * rmap (b67fbebd4cf9, v5.19): at the end of the VMA's zap up to v6.16, before tables are freed after that.
 *
 * @see mm/memory.c, zap_page_range_single(), unmap_vmas(); include/asm-generic/tlb.h; Linux v6.1, v6.14 and v6.18
 */

import { mmuNotifierInvalidateRangeEnd, mmuNotifierInvalidateRangeStart } from "@mmrace/locks";
import { readOnce, type Steps } from "@mmrace/scheduler";
import type { MmuGather } from "../../state/mmu-gather.ts";
import { VM_PFNMAP, type Vma } from "../../state/vma.ts";
import type { World } from "../../state/world.ts";
import { ZAP_UNMAP, type ZapDetails } from "./zap-details.ts";

/** Zaps the part of the VMA that lies in a range: unmap_single_vma() with unmap_page_range(). */
export function* unmapSingleVma(
  w: World,
  tlb: MmuGather,
  vma: Vma,
  start: number,
  end: number,
  details: ZapDetails,
): Steps<void> {
  const from = Math.max(start, vma.start);
  const to = Math.min(end, vma.end);
  if (from >= to) return;
  if (((yield* readOnce(vma.flags)) & VM_PFNMAP) !== 0 && !tlb.isFullMm) tlb.vmaPfn = true; // tlb_start_vma()
  yield* w.kernel.zapPmdRange(w, tlb, vma, from, to, details);
  yield* w.kernel.tlbEndVma(w, tlb);
}

/** After one VMA. v6.17 and later: nothing. */
export function* tlbEndVma(_w: World, _tlb: MmuGather): Steps<void> {}

/** v5.19 to v6.16: flushes, if pages have no references. */
export function* tlbEndVma_6_14(w: World, tlb: MmuGather): Steps<void> {
  if (tlb.vmaPfn) yield* w.kernel.tlbFlushMmuTlbonly(w, tlb);
}

/** Up to v5.18: nothing. Known bad. */
export function* tlbEndVma_4_12(_w: World, _tlb: MmuGather): Steps<void> {}

/** Before VMAs leave the rmap. v6.17 and later: flushes, if pages have no references. */
export function* tlbFreeVmas(w: World, tlb: MmuGather): Steps<void> {
  if (tlb.vmaPfn) yield* w.kernel.tlbFlushMmuTlbonly(w, tlb);
}

/** Up to v6.16: nothing. */
export function* tlbFreeVmas_6_14(_w: World, _tlb: MmuGather): Steps<void> {}

/** Zaps a range of one VMA into a gather of the caller's. v6.16 and later, and what is inside of the next up to then. */
export function* zapPageRangeSingleBatched(
  w: World,
  tlb: MmuGather,
  vma: Vma,
  start: number,
  end: number,
  details: ZapDetails,
): Steps<void> {
  yield* mmuNotifierInvalidateRangeStart(vma.mm.notifiers, { start, end });
  yield* w.kernel.unmapSingleVma(w, tlb, vma, start, end, details);
  yield* mmuNotifierInvalidateRangeEnd(vma.mm.notifiers, { start, end });
}

/** Zaps a range of one VMA. The caller holds whatever keeps the VMA: mmap_lock, the VMA's lock, or an rmap lock. */
export function* zapPageRangeSingle(
  w: World,
  vma: Vma,
  start: number,
  end: number,
  details: ZapDetails,
): Steps<void> {
  const tlb = yield* w.kernel.tlbGatherMmu(w, vma.mm, false);
  yield* w.kernel.zapPageRangeSingleBatched(w, tlb, vma, start, end, details);
  yield* w.kernel.tlbFinishMmu(w, tlb);
}

/** Zaps VMAs that are going to go, markers included. */
export function* unmapVmas(
  w: World,
  tlb: MmuGather,
  vmas: readonly Vma[],
  start: number,
  end: number,
): Steps<void> {
  yield* mmuNotifierInvalidateRangeStart(tlb.mm.notifiers, { start, end });
  for (const vma of vmas) yield* w.kernel.unmapSingleVma(w, tlb, vma, start, end, ZAP_UNMAP);
  yield* mmuNotifierInvalidateRangeEnd(tlb.mm.notifiers, { start, end });
}
