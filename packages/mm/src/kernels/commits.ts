/**
 * Which commit ended what a release is. Each entry of a release's record in ops/ differs from the record of the release that
 * it is based on, and these commits are why.
 */

import type { ReleaseId } from "./release-table.ts";

/** A commit of the kernel, or several that belong together and are known by their series only. */
export interface KernelCommit {
  /** Twelve hexadecimal digits; absent for a series. */
  readonly id?: string;
  /** The first release that has it: `6.14`. */
  readonly release: string;
  /** In our words. */
  readonly about: string;
  /** By release: the entries of its record that this ended, or helped to end. */
  readonly ended: { readonly [Id in ReleaseId]?: readonly string[] };
}

function commit(
  id: string | undefined,
  release: string,
  about: string,
  ended: KernelCommit["ended"],
): KernelCommit {
  return { ...(id === undefined ? {} : { id }), release, about, ended };
}

/** Newest first. */
export const kernelCommits: readonly KernelCommit[] = [
  commit("366a4532d96f", "6.17-rc2", "collapse_huge_page() locks the VMA before it looks at the slot", {
    "6.17-rc1": ["collapseHugePage"],
    "6.14": ["collapseHugePage"],
  }),
  commit("a6fde7add78d", "6.17", "MADV_DONTNEED under a VMA lock", { "6.14": ["madviseDontneed"] }),
  commit("aba6faec0103", "6.17", "UFFDIO_MOVE leaves PMD migration entries alone", {
    "6.14": ["mayMoveSplit"],
  }),
  commit("0ea148a79919", "6.16", "UFFDIO_MOVE looks at the swap cache again under the lock", {
    "6.14": ["moveSwapPte"],
  }),
  commit("f35ab95ca0af", "6.15", "a VMA's lock is a reference count", {
    "6.14": [
      "lockVmaUnderRcu",
      "vmaStartRead",
      "vmaStartReadLocked",
      "vmaEndRead",
      "vmaStartWrite",
      "vmaMarkDetached",
      "vmaMarkAttached",
    ],
  }),
  commit(undefined, "6.15", "guard regions in mappings of files", { "6.14": ["madviseGuardInstall"] }),
  commit(undefined, "after 6.14", "the flush of PFN-mapped VMAs is where VMAs are freed", {
    "6.14": ["tlbEndVma", "tlbFreeVmas"],
  }),
  commit("6c18ec9af86c", "6.14", "retract_page_tables() looks at the slot again under its lock", {
    "6.12": ["retractPageTables"],
  }),
  commit("6375e95f381e", "6.14", "MADV_DONTNEED frees tables that it has emptied", {
    "6.12": ["zapPteRange", "madviseDontneed"],
  }),
  commit("718b13861d22", "6.14", "every table of user space is freed by RCU, with 4817f70c25b6", {
    "6.12": ["tlbTableFlush"],
  }),
  commit("e5e7fb278e59", "6.14", "mm_lock_seq is a sequence count, advanced where mmap_lock is taken, too", {
    "6.12": ["mmapWriteLock", "mmapWriteTrylock"],
  }),
  commit("dd95d2782a25", "6.14", "UFFDIO_MOVE looks at the target's slot again", {
    "6.12": ["isPtePagesStable"],
  }),
  commit("37b338eed105", "6.14", "UFFDIO_MOVE tries for the folio's lock before it raises the reference", {
    "6.12": ["lockFolioToMove"],
  }),
  commit("c50f8e6053b0", "6.14", "UFFDIO_MOVE moves the folio in the swap cache too", {
    "6.12": ["lockSwapCacheToMove"],
  }),
  commit(undefined, "6.13", "guard regions", { "6.12": ["madviseGuardInstall", "madviseGuardRemove"] }),
  commit("6dfd0d2cb369", "6.13", "collapse_pte_mapped_thp() looks at the slot again under the PTE lock", {
    "6.12": ["collapsePteMappedThp"],
  }),
  commit("d9c1ddf37b4c", "6.13", "handle_pte_fault() maps by pte_offset_map_rw_nolock()", {
    "6.12": ["handlePteFault"],
  }),
  commit("bd6ad65ddcbb", "6.13", "filemap_fault_recheck_pte_none() maps by pte_offset_map_ro_nolock()", {
    "6.12": ["filemapFaultRecheckPteNone"],
  }),
  commit("04965da7a4af", "6.13", "page_vma_mapped_walk() looks at the slot again under the PTE lock", {
    "6.12": ["mapPte", "lockWalkedPte"],
  }),
  commit("e9c74b543163", "6.13", "move_pages_pte() maps by pte_offset_map_rw_nolock()", {
    "6.12": ["mapForMove"],
  }),
  commit("6fa1066fc5d0", "6.12", "mremap looks at the slot again under its lock", {
    "6.11": ["moveNormalPmd"],
  }),
  commit("2b0f922323cc", "6.12", "do_set_pmd() maps no huge page where the VMA forbids it", {
    "6.11": ["doSetPmd"],
  }),
  commit("4828d207dc51", "6.11", "a fill tolerates that its table goes away", {
    "6.9": ["mfillAtomicPmd"],
    "6.6": ["mfillAtomicPmd"],
  }),
  commit(undefined, "6.11", "mappings of a file are unlinked together", {
    "6.9": ["freePgtables"],
    "6.6": ["freePgtables"],
  }),
  commit(
    "24be02a42181",
    "6.10",
    "filemap_fault_recheck_pte_none() takes the lock of the table that it has mapped",
    { "6.9": ["filemapFaultRecheckPteNone"] },
  ),
  commit("bc7996c864bd", "6.10", "what an access may do is decided under the VMA's lock", {
    "6.9": ["doUserAddrFault"],
    "6.6": ["doUserAddrFault"],
  }),
  commit(undefined, "6.10", "anon_vma is prepared under the VMA's lock, where that can be", {
    "6.9": ["vmfAnonPrepare", "lockVmaUnderRcu"],
    "6.6": ["vmfAnonPrepare", "lockVmaUnderRcu"],
  }),
  commit("58f327f2ce80", "6.9", "filemap_fault_recheck_pte_none() maps the table anew", {
    "6.6": ["filemapFaultRecheckPteNone"],
  }),
  commit("867a43a34ff8", "6.9", "fills and moves of userfaultfd under VMA locks", {
    "6.6": ["uffdMfillLock", "uffdMfillUnlock", "mfillAtomic", "mwriteprotectRange"],
  }),
  commit("adef440691ba", "6.8", "UFFDIO_MOVE", { "6.6": ["movePages", "movePagesLocked"] }),
  commit(undefined, "6.7", "faults of files run under the VMA's lock", { "6.6": ["vmfCanCallFault"] }),
  commit(
    "a98460494b16",
    "6.6",
    "collapse_pte_mapped_thp() keeps its locks for a VMA that userfaultfd may fill",
    { "6.6-dev": ["collapsePteMappedThp"] },
  ),
  commit(
    "1043173eb5eb",
    "6.6",
    "collapse_pte_mapped_thp() under mmap_lock for reading, with the page-table locks",
    { "6.1": ["collapsePteMapped", "collapsePteMappedThp"] },
  ),
  commit("1d65b771bc08", "6.6", "retract_page_tables() without mmap_lock, under the page-table locks", {
    "6.1": ["retractPageTables"],
  }),
  commit(undefined, "6.6", "walks of tables are RCU readers (the series of 146b42e07494 and 13cf577e6b66)", {
    "6.1": ["__pteOffsetMap", "pteUnmap", "pteUnmapUnlock"],
  }),
  commit(undefined, "6.6", "UFFDIO_POISON; what becomes of an entry whose write protection is resolved", {
    "6.1": ["mfillAtomicPtePoison", "uffdWpResolve"],
  }),
  commit("0d940a9b270b", "6.5", "mapping a table can fail, and locking it looks at the slot again", {
    "6.1": [
      "__pteOffsetMap",
      "__pteOffsetMapLock",
      "handlePteFault",
      "pteOffsetMapLockChecked",
      "lockWalkedPte",
      "zapPmdRange",
    ],
  }),
  commit("895f5ee464cc", "6.4", "collapse_file() looks for userfaultfd before it fills holes", {
    "6.1": ["collapseFile"],
  }),
  commit(undefined, "6.4", "VMAs have locks", {
    "6.1": [
      "mmapWriteUnlock",
      "mmapWriteDowngrade",
      "lockVmaUnderRcu",
      "vmaStartWrite",
      "vmaMarkDetached",
      "vmAreaFree",
    ],
  }),
  commit("5df397dec7c4", "6.2", "the rmap of a dirty file page is taken off after the flush", {
    "6.1": ["zapDirtyPage"],
  }),
  commit("023f47a8250c", "6.2", "retract_page_tables() looks at anon_vma again under mmap_lock", {
    "6.0": ["retractPageTables"],
  }),
  commit("8d3c106e19e8", "6.1", "collapse of a file excludes walks through the rmap", {
    "6.0": ["retractPageTables", "collapsePteMappedThp"],
  }),
  commit("2ba99c5e0881", "6.1", "collapse waits for walks that have interrupts off", {
    "6.0": ["collapseHugePage", "retractPageTables", "collapsePteMappedThp"],
  }),
  commit("f268f6cf875f", "6.1", "collapse of a file tells secondary MMUs", {
    "6.0": ["retractPageTables", "collapsePteMappedThp"],
  }),
  commit("70cbc3cc78a9", "6.1", "GUP-fast looks at the slot again", { "6.0": ["gupFastPteRange"] }),
  commit("bf3980c85212", "6.0", "exit holds mmap_lock while tables go", { "4.12": ["exitMmap"] }),
  commit("b67fbebd4cf9", "5.19", "PFN-mapped VMAs are flushed before they are unlinked", {
    "4.12": ["tlbEndVma"],
  }),
  commit("18e77600f7a1", "5.9", "collapse leaves an mm alone that is about to exit", {
    "4.12": ["retractPageTables"],
  }),
  commit("45975c7d21a1", "4.20", "a grace period waits for whoever has preemption off", {
    "4.12": ["preemptionHoldsRcu"],
  }),
  commit("99baac21e458", "4.13", "whoever finishes a gather beside another flushes everything", {
    "4.12": ["tlbFinishMmu"],
  }),
];
