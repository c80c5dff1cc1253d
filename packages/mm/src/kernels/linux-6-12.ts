/** Linux v6.12: the newest release modelled, and the record that older ones differ from. */

import { defineProcedures } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import { collapseFile } from "../ops/collapse-file.ts";
import { collapsePteMappedThp } from "../ops/collapse-pte-mapped-thp.ts";
import { dropRmapLocks, moveNormalPmd, movePageTables, movePtes, takeRmapLocks } from "../ops/mremap.ts";
import { doReadFault, doSetPmd, finishFault, handleMmFault, setHugePmd } from "../ops/read-fault.ts";
import { findPmdOrThpOrNone, retractPageTables } from "../ops/retract-page-tables.ts";
import { mfillAtomic, mfillAtomicInstallPte, mfillAtomicPteCopy } from "../ops/uffdio-copy.ts";
import { anonVmaPrepare } from "../pgtable/anon-vma.ts";
import {
  __pteOffsetMap,
  __pteOffsetMapLock,
  pteOffsetMapNolock,
  pteUnmap,
  pteUnmapUnlock,
} from "../pgtable/pte-offset-map.ts";
import { __pteAlloc, pmdInstall, pmdpCollapseFlush, pteFreeDefer } from "../pgtable/table-life.ts";

/** v6.12. */
export const linux_6_12: KernelOps = defineProcedures<KernelOps>({
  __pteOffsetMap,
  __pteOffsetMapLock,
  pteOffsetMapNolock,
  pteUnmap,
  pteUnmapUnlock,
  pmdInstall,
  __pteAlloc,
  pteFreeDefer,
  pmdpCollapseFlush,
  anonVmaPrepare,
  findPmdOrThpOrNone,
  collapseFile,
  retractPageTables,
  collapsePteMappedThp,
  setHugePmd,
  mfillAtomic,
  mfillAtomicPteCopy,
  mfillAtomicInstallPte,
  handleMmFault,
  doReadFault,
  finishFault,
  doSetPmd,
  takeRmapLocks,
  dropRmapLocks,
  movePageTables,
  moveNormalPmd,
  movePtes,
});
