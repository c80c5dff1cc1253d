/** The kernel releases that can be run, by the name that the command line and tokens use. */

import { defineProcedures, UsageError } from "@mmrace/scheduler";
import type { KernelFacts, KernelOps } from "../kernel.ts";
import { faults } from "../ops/faults/ops.ts";
import { gup } from "../ops/gup/ops.ts";
import { khugepaged } from "../ops/khugepaged/ops.ts";
import { locking } from "../ops/locking/ops.ts";
import { mremap } from "../ops/mremap/ops.ts";
import { pgtable } from "../ops/pgtable/ops.ts";
import { rmap } from "../ops/rmap/ops.ts";
import { userfaultfd } from "../ops/userfaultfd/ops.ts";
import { zap } from "../ops/zap/ops.ts";
import { partsOfKernelId } from "./changed.ts";
import type { ReleaseId, ReleaseTable } from "./release-table.ts";

/** One release. */
export interface Kernel {
  /** `6.12`. */
  readonly id: string;
  readonly ops: KernelOps;
  /** What sets it apart from the next newer one. */
  readonly about: string;
  /** Of a release with changes that are no part of it: the procedures that were replaced, in the kernel's spelling. */
  readonly changed?: readonly string[];
}

/** What a release is made from: the release that it differs from, and how, in words. */
interface Release {
  readonly id: ReleaseId;
  readonly base: ReleaseId | undefined;
  readonly about: string;
  /** What differs besides procedures. */
  readonly facts?: Partial<KernelFacts>;
}

/** Newest first, so that every base stands before what is based on it. */
const RELEASES: readonly Release[] = [
  {
    id: "6.18",
    base: undefined,
    about: "MADV_DONTNEED under a VMA lock, which is a reference count; collapse locks VMAs before it looks",
    facts: { preemptionHoldsRcu: true },
  },
  {
    id: "6.17-rc1",
    base: "6.18",
    about: "MADV_DONTNEED under a VMA lock already; collapse looks at the slot before it locks the VMA",
  },
  {
    id: "6.14",
    base: "6.18",
    about: "empty page tables are reclaimed, and all are freed by RCU; rechecks in retract and UFFDIO_MOVE",
  },
  { id: "6.12", base: "6.14", about: "mremap looks at the slot again under its lock" },
  {
    id: "6.11",
    base: "6.12",
    about: "a fill tolerates that its table goes away; mremap trusts a slot that it saw before its locks",
  },
  {
    id: "6.9",
    base: "6.11",
    about:
      "a fault on a locked mapping takes a PTE lock that it remembers; a fill asserts that its slot stays a table",
  },
  {
    id: "6.6",
    base: "6.11",
    about: "mapping a table can fail; retract without mmap_lock; a fill asserts that its slot stays a table",
  },
  {
    id: "6.6-dev",
    base: "6.6",
    about: "commit 1043173eb5eb, development of 6.6: collapse drops the PTE lock before it unlinks",
  },
  {
    id: "6.1",
    base: "6.6",
    about: "a table once seen stays; collapse excludes all walkers; no per-VMA locks, no RCU for tables",
  },
  {
    id: "6.0",
    base: "6.1",
    about: "collapse frees tables under mmap_lock alone, tells no secondary MMU and waits for no interrupt",
  },
  {
    id: "4.12",
    base: "6.0",
    about:
      "what unmapping lacked then: flushes for others' gathers and for PFN-mapped VMAs, the exit test. Else 6.0",
    facts: { preemptionHoldsRcu: false },
  },
];

/** Changes that were discussed and never merged. */
const PROPOSALS: readonly Release[] = [
  {
    id: "6.18-aligned",
    base: "6.18",
    about: "proposal: collapse_pte_mapped_thp takes PMD and PTE lock together, as retract_page_tables does",
  },
  {
    id: "6.18-trylock",
    base: "6.18",
    about: "proposal: collapse_pte_mapped_thp keeps the PTE lock and tries for the PMD lock",
  },
];

const AREAS: readonly ReleaseTable<object>[] = [
  locking,
  pgtable,
  rmap,
  faults,
  khugepaged,
  userfaultfd,
  zap,
  mremap,
  gup,
];

/** What a release says itself, of all areas. */
function recordOf(id: ReleaseId): Readonly<Record<string, never>> {
  return Object.assign({}, ...AREAS.map((area) => area[id] ?? {})) as Record<string, never>;
}

/** The same, with names for traces. */
function ownOf(id: ReleaseId): Partial<KernelOps> {
  return defineProcedures(recordOf(id)) as Partial<KernelOps>;
}

/** Something that a release has under a name, and the release whose own record says so. */
export interface Entry {
  readonly value: unknown;
  readonly from: ReleaseId;
}

/** All that a release has, by name: procedures without their names for traces, so that equal ones are one, and facts. */
export function entriesOf(id: string): ReadonlyMap<string, Entry> {
  const release = [...RELEASES, ...PROPOSALS].find((one) => one.id === id);
  if (release === undefined) return new Map();
  const own = { ...recordOf(release.id), ...release.facts };
  const entries = Object.entries(own).map(([name, value]) => [name, { value, from: release.id }] as const);
  return new Map([...(release.base === undefined ? [] : entriesOf(release.base)), ...entries]);
}

function buildAll(): ReadonlyMap<string, Kernel> {
  const built = new Map<string, Kernel>();
  for (const { id, base, about, facts } of [...RELEASES, ...PROPOSALS]) {
    const inherited = base === undefined ? {} : built.get(base)!.ops;
    built.set(id, { id, about, ops: { ...inherited, ...ownOf(id), ...facts } as KernelOps });
  }
  return built;
}

const built = buildAll();

/** Releases and development states, oldest first. */
export const kernels: readonly Kernel[] = RELEASES.map(({ id }) => built.get(id)!).toReversed();

/** Changes to the newest release that were discussed and never merged; they can be run like a release. */
export const proposals: readonly Kernel[] = PROPOSALS.map(({ id }) => built.get(id)!);

/** @throws {UsageError} when there is no such release. */
export function kernelById(id: string): Kernel {
  const found = built.get(id.replace(/^v/, ""));
  if (found !== undefined) return found;
  const { release, changed } = partsOfKernelId(id);
  if (changed.length > 0) {
    throw new UsageError(
      `"${id}" is ${release} with another ${changed.join(" and ")}, which mmrace does not have. Name the file that has it: ` +
        "--with FILE.",
    );
  }
  const known = [...kernels, ...proposals].map((kernel) => kernel.id);
  throw new UsageError(`There is no kernel "${id}" in the model. It has ${known.join(", ")}.`);
}

/** Linux 6.0, as far as collapse and GUP-fast go; the rest is that of 6.1. */
export const linux_6_0: KernelOps = kernelById("6.0").ops;
/** Linux 4.12, as far as old bugs of unmapping go; the rest is that of 6.0. */
export const linux_4_12: KernelOps = kernelById("4.12").ops;
/** Linux 6.1. */
export const linux_6_1: KernelOps = kernelById("6.1").ops;
/** The development of 6.6, at commit 1043173eb5eb. Never released. */
export const linux_6_6_dev: KernelOps = kernelById("6.6-dev").ops;
/** Linux 6.6. */
export const linux_6_6: KernelOps = kernelById("6.6").ops;
/** Linux 6.9. */
export const linux_6_9: KernelOps = kernelById("6.9").ops;
/** Linux 6.11. */
export const linux_6_11: KernelOps = kernelById("6.11").ops;
/** Linux 6.12. */
export const linux_6_12: KernelOps = kernelById("6.12").ops;
/** Linux 6.14. */
export const linux_6_14: KernelOps = kernelById("6.14").ops;
/** Linux 6.17-rc1, a development state. */
export const linux_6_17_rc1: KernelOps = kernelById("6.17-rc1").ops;
/** Linux 6.18: the newest release modelled. */
export const linux_6_18: KernelOps = kernelById("6.18").ops;
