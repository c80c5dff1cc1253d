/**
 * Loads and stores of user code, through the MMU of the CPU that the thread runs on. Intel SDM volume 3, sections 5.8
 * (accessed and dirty flags), 5.10.2 and 5.10.3 (use of the caches).
 *
 * A walk takes a step for each entry that it reads, and the kernel may act in between. Accessed and Dirty are set in the
 * step that reads the entry, as by the locked update that looks at it once more.
 *
 * Reduced: of several matching translations the oldest is used; table pointers above the PMD level are always there.
 */

import { Operation, violate, type OperationKind, type Steps, type Touch } from "@mmrace/scheduler";
import {
  ALL_RIGHTS,
  checkAccess,
  DIRTY,
  hasReservedBit,
  invalidateAfterFault,
  leafFrame,
  LINUX_CONTROLS,
  mapsPage,
  missingAccessedDirty,
  narrowRights,
  NONE_ENTRY,
  pagesSpanned,
  PRESENT,
  protectionKeyOf,
  virtualPage,
  type Access,
  type Entry,
  type Rights,
  type StructureEntry,
  type TlbEntry,
} from "@mmrace/x86-paging";
import { PAGE_USE_AFTER_FREE, type Folio, type PageData } from "../state/folio.ts";
import { pteIndex } from "../state/geometry.ts";
import { PAGE_TABLE_USE_AFTER_FREE, type PageTable } from "../state/page-table.ts";
import type { PmdSlot } from "../state/pmd-table.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import type { CpuTlb } from "../state/tlb.ts";
import { Vma } from "../state/vma.ts";
import { TABLE_SHAPE, type World } from "../state/world.ts";

/**
 * The mapping that an access is to: one that stays, or whatever the address space has there when the access retires, where
 * somebody may map or unmap meanwhile.
 */
export type UserMapping = Vma | { readonly mm: MmStruct };

/** One load, or one store of a value. */
export interface UserAccess {
  readonly w: World;
  readonly vma: UserMapping;
  readonly address: number;
  /** `undefined` for a load. */
  readonly store: number | undefined;
  /** No instruction has asked for it: it never faults. */
  readonly isSpeculative?: boolean;
}

/** What trying an access came to: the value loaded or stored, or why the processor must walk or fault. */
export type Attempt =
  | { readonly kind: "done"; readonly value: number }
  | { readonly kind: "miss" }
  | { readonly kind: "fault" };

/** What a step of a walk came to. */
type WalkStep =
  | { readonly kind: "filled" }
  | { readonly kind: "fault" }
  /** The pointer that the walk has come by was flushed: from the top. */
  | { readonly kind: "flushed" }
  | { readonly kind: "table"; readonly frame: number; readonly rights: Rights };

const CONTROLS = { ...LINUX_CONTROLS, pcids: false };

function pageOf(address: number): number {
  return virtualPage(BigInt(address));
}

function accessOf({ store }: UserAccess): Access {
  return { kind: store === undefined ? "read" : "write", user: true };
}

/** The translation that the access uses, when the caches have one that will do. */
function usable(tlb: CpuTlb, access: UserAccess): TlbEntry | undefined {
  const [entry] = tlb.caches.matching(pageOf(access.address), 0);
  if (entry === undefined || (access.store !== undefined && !entry.dirty)) return undefined;
  return checkAccess(entry.rights, entry.protectionKey, accessOf(access), CONTROLS) === 0 ? entry : undefined;
}

/** The page that a translation leads to. */
function pageAt(
  { w, address }: UserAccess,
  entry: TlbEntry,
): { pfn: number; folio?: Folio; data?: PageData } {
  const pfn = entry.frame + pageOf(address) - entry.page;
  const folio = w.folioOf(pfn);
  const data = folio?.data[pfn - folio.pfn];
  return { pfn, ...(folio && { folio }), ...(data && { data }) };
}

const tryKind: OperationKind<CpuTlb, UserAccess, Attempt> = {
  name: "user_access",
  access: "write",
  accessNow: (tlb, access) => {
    const isThere = tlb.caches.matching(pageOf(access.address), 0).length > 0;
    return isThere && usable(tlb, access) === undefined ? "write" : "read";
  },
  order: "locked",
  isIndispensable: true,
  touches: (tlb, access): readonly Touch[] => {
    const entry = usable(tlb, access);
    if (entry === undefined) return [];
    const { folio, data } = pageAt(access, entry);
    const how = access.store === undefined ? "read" : "write";
    const touched: Touch[] = folio === undefined ? [] : [{ access: "read", object: folio }];
    if (data !== undefined)
      touched.push({ access: how, object: data }, { access: how, object: access.w.reference });
    if (access.vma instanceof Vma) return touched;
    if (folio !== undefined) touched.push({ access: "read", object: folio.mapping });
    touched.push({ access: "read", object: access.vma.mm.vmas });
    return touched;
  },
  perform: (tlb, access) => {
    const [cached] = tlb.caches.matching(pageOf(access.address), 0);
    if (cached === undefined) return { kind: "miss" };
    const entry = usable(tlb, access);
    if (entry !== undefined) return { kind: "done", value: useData(access, entry) };
    // A clean translation is of no use for a store, and one that forbids the access faults and goes.
    invalidateAfterFault(tlb.caches, pageOf(access.address), 0);
    const isAllowed = checkAccess(cached.rights, cached.protectionKey, accessOf(access), CONTROLS) === 0;
    return { kind: isAllowed ? "miss" : "fault" };
  },
  describe: ({ cpu }, { address, store }, result) => {
    const what =
      store === undefined ? `load 0x${address.toString(16)}` : `store 0x${address.toString(16)}, ${store}`;
    return `CPU${cpu} ${what}: ${result.kind === "done" && store === undefined ? result.value : result.kind}`;
  },
};

/** The access itself. */
function useData(access: UserAccess, entry: TlbEntry): number {
  const { w, vma, address, store } = access;
  const { pfn, folio, data } = pageAt(access, entry);
  if (folio === undefined || folio.isFreed || data === undefined) {
    violate(
      PAGE_USE_AFTER_FREE,
      `user code reaches frame ${pfn.toString(16)} at 0x${address.toString(16)}, which is free`,
    );
    return store ?? 0;
  }
  const place = mappingNow(vma, address);
  if (store !== undefined) {
    data.value = store;
    if (place !== undefined) w.reference.onStore(place, address, store);
    else w.reference.onStoreToFile(folio, pfn, store);
    return store;
  }
  if (place !== undefined) w.reference.onLoad(place, address, data.value);
  return data.value;
}

/** Nothing while a mapping goes: until its flush, what user code does there is lost by right, unless a file has the page. */
function mappingNow(vma: UserMapping, address: number): Vma | undefined {
  return vma instanceof Vma ? vma : vma.mm.vmas.value.find((one) => one.covers(address));
}

/** What the processor does with one entry that it has read; the entry's new value, where A or D must be set. */
function look(
  entry: Entry,
  level: 1 | 2,
  rights: Rights,
  access: UserAccess,
): { readonly step: WalkStep | "leaf"; readonly rights: Rights; readonly set: number } {
  if ((entry.lo & PRESENT) === 0 || hasReservedBit(entry, level, CONTROLS))
    return { step: { kind: "fault" }, rights, set: 0 };
  const narrowed = narrowRights(rights, entry);
  const isLeaf = mapsPage(entry, level, CONTROLS);
  if (isLeaf && checkAccess(narrowed, protectionKeyOf(entry), accessOf(access), CONTROLS) !== 0) {
    return { step: { kind: "fault" }, rights, set: 0 };
  }
  const set = missingAccessedDirty(entry, isLeaf, access.store !== undefined);
  if (isLeaf) return { step: "leaf", rights: narrowed, set };
  return { step: { kind: "table", frame: leafFrame(entry, 1), rights: narrowed }, rights: narrowed, set };
}

function fill(tlb: CpuTlb, level: 1 | 2, entry: Entry, rights: Rights, access: UserAccess): WalkStep {
  const page = pageOf(access.address);
  const pages = pagesSpanned(level);
  tlb.caches.insertTranslation({
    pcid: 0,
    global: false,
    level,
    page: page - (page % pages),
    pages,
    frame: leafFrame(entry, level),
    rights,
    protectionKey: protectionKeyOf(entry),
    dirty: access.store !== undefined || (entry.lo & DIRTY) !== 0,
  });
  return { kind: "filled" };
}

type WalkArgument = readonly [tlb: CpuTlb, access: UserAccess];

/** A page fault drops what the CPU has cached for the address, stale table pointers too: SDM 5.10.4.1. */
function fault({ caches }: CpuTlb, { address, isSpeculative = false }: UserAccess): WalkStep {
  if (!isSpeculative) invalidateAfterFault(caches, pageOf(address), 0);
  return { kind: "fault" };
}

const walkPmdKind: OperationKind<PmdSlot, WalkArgument, WalkStep> = {
  name: "walk_pmd",
  access: "write",
  accessNow: ({ value }, [, access]) => (look(value, 2, ALL_RIGHTS, access).set === 0 ? "read" : "write"),
  order: "locked",
  isIndispensable: true,
  touches: (_slot, [tlb]) => [{ access: "write", object: tlb }],
  perform: (slot, [tlb, access]) => {
    const { value } = slot;
    const { step, rights, set } = look(value, 2, ALL_RIGHTS, access);
    if (set !== 0) slot.value = { lo: value.lo | set, hi: value.hi };
    if (step === "leaf") return fill(tlb, 2, value, rights, access);
    if (step.kind === "fault") return fault(tlb, access);
    if (step.kind === "table") {
      const prefix = Math.floor(pageOf(access.address) / pagesSpanned(2));
      tlb.caches.insertStructure({ pcid: 0, level: 2, prefix, frame: step.frame, rights: step.rights });
    }
    return step;
  },
  describe: ({ name }, [{ cpu }], { kind }) => `CPU${cpu} walks ${name}: ${kind}`,
};

/** The deepest table pointer that the CPU has cached for an access: where its walk goes on. */
function startingPoint(tlb: CpuTlb, { address }: UserAccess): StructureEntry | undefined {
  return tlb.caches.startingPoints(pageOf(address), 0)[0];
}

// The step is the TLB's, since a flush between the two entries makes the walk begin again: an invalidation does not end
// while the processor still walks with what it removes.
const walkPteKind: OperationKind<CpuTlb, UserAccess, WalkStep> = {
  name: "walk_pte",
  access: "write",
  order: "locked",
  isIndispensable: true,
  touches: (tlb, access): readonly Touch[] => {
    const start = startingPoint(tlb, access);
    const table = start === undefined ? undefined : access.w.tables.get(start.frame);
    if (start === undefined || table === undefined) return [];
    const { set } = look(entryIn(table, access), 1, start.rights, access);
    return [{ access: set === 0 ? "read" : "write", object: table.ptes }];
  },
  perform: (tlb, access) => {
    const start = startingPoint(tlb, access);
    if (start === undefined) return { kind: "flushed" };
    const table = liveTableAt(access.w, start.frame);
    if (table === undefined) return { kind: "fault" };
    const value = entryIn(table, access);
    const { step, rights, set } = look(value, 1, start.rights, access);
    if (step !== "leaf") return fault(tlb, access);
    if (set !== 0) table.ptes.values[pteIndex(access.address)] = { lo: value.lo | set, hi: value.hi };
    return fill(tlb, 1, value, rights, access);
  },
  describe: ({ cpu }, { address }, { kind }) =>
    `CPU${cpu} walks entry ${pteIndex(address)} of its table: ${kind}`,
};

function entryIn({ ptes }: PageTable, { address }: UserAccess): Entry {
  return ptes.values[pteIndex(address)] ?? NONE_ENTRY;
}

/** The table at a frame that a processor walks. Reports a frame that is none, or is one no more. */
function liveTableAt({ tables }: World, frame: number): PageTable | undefined {
  const table = tables.get(frame);
  if (table === undefined) violate(TABLE_SHAPE, `a processor walks frame ${frame}, which is no page table`);
  else if (table.lifetime.ended)
    violate(PAGE_TABLE_USE_AFTER_FREE, `a processor walks ${table.name} after it was freed`);
  return table;
}

/** Walks from the deepest pointer that the caches have. */
export function* walk(tlb: CpuTlb, access: UserAccess): Steps<"filled" | "fault"> {
  for (;;) {
    if (startingPoint(tlb, access) === undefined) {
      const { kind } = yield* Operation.of(walkPmdKind, access.vma.mm.slotOf(access.address), [tlb, access]);
      if (kind === "filled" || kind === "fault") return kind;
    }
    const { kind } = yield* Operation.of(walkPteKind, tlb, access);
    if (kind === "filled" || kind === "fault") return kind;
  }
}

/** One access, up to its end or to a fault that the kernel must handle. */
export function* userAccess(tlb: CpuTlb, access: UserAccess): Steps<Attempt> {
  for (;;) {
    const attempt = yield* Operation.of(tryKind, tlb, access);
    if (attempt.kind !== "miss") return attempt;
    if ((yield* walk(tlb, access)) === "fault") return { kind: "fault" };
  }
}
