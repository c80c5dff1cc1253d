// Why nothing notices that a step is missing, for the page of ablation-matrix.mjs. The first pattern that fits counts; a
// site that none fits is printed as unexplained. The reasons were worked out by reading, but where a test is named.

const REASONS = [
  [
    /^(dontneed|driver|fault|migrate|others|owner|reclaim|secondary|swap|truncate|uffd|walk)\//,
    "stand-in",
    "a scenario's own actor, in place of a procedure that is not modelled",
  ],
  [
    /\/mmu_notifier_invalidate_range_(start|end)\//,
    "unreachable",
    "a secondary MMU is there in dontneed-vs-secondary and cpmt-vs-secondary-mmu only",
  ],
  [
    /^(do_fault_around|filemap_map_pmd|finish_fault|handle_pte_fault|mfill_atomic_pmd|move_pages_locked|pte_alloc|zap_pmd_range)\/read_once\/pmd$/,
    "redundant",
    "a look without a lock; what decides is the look again in __pte_offset_map_lock, pmd_install, or under pmd_lock",
  ],
  [
    /^do_set_pmd\/(read_once\/pmd|spin_lock\/pmd_lock)$/,
    "redundant",
    "the caller holds the folio's lock, which whoever else would map the folio here needs as well",
  ],
  [
    /^collapse_pte_mapped_thp\/spin_lock\/pmd_lock$/,
    "redundant",
    "the folio's lock keeps faults from the slot, and a fill finds it taken: pml is for writers of the slot",
  ],
  [
    /^gup_fast_pte_range\/read_once\/pmd$/,
    "redundant",
    "the interrupt of tlb_remove_table_sync_one() waits for GUP-fast; without both, collapse.test.ts has a lost pin",
  ],
  [
    /^tlb_remove_table_sync_one\/smp_call_function\/ipi$/,
    "redundant",
    "GUP-fast looks at the slot again after it has its reference; without both, collapse.test.ts has a lost pin",
  ],
  [
    /^lock_walked_pte\/read_once\/pmd$/,
    "redundant",
    "a table that goes away is empty, so that a walk of it finds nothing (04965da7a4af, 6.13)",
  ],
  [
    /^collapse_huge_page\/spin_lock\/(pmd_lock|pte_lock)$/,
    "redundant",
    "mmap_lock and the VMA's lock, both for writing, keep everybody out but GUP-fast, which takes no lock",
  ],
  [
    /^collapse_huge_page\/down_write\/anon_vma$/,
    "unreachable",
    "no walk of the rmap of anonymous memory runs beside it",
  ],
  [
    /^(pmdp_collapse_flush|move_normal_pmd|split_huge_pmd|try_to_unmap_one|move_present_pte|collapse_pte_mapped_thp)\/flush_tlb_mm_range\/tlb$/,
    "unreachable",
    "no CPU has a translation of these addresses cached in these scenarios",
  ],
  [
    /\/write_once\/folio_lru$/,
    "bookkeeping",
    "only the isolation for a collapse looks, and none follows here",
  ],
  [
    /\/smp_store_release\/mm_lock_seq$/,
    "bookkeeping",
    "VMAs stay write-locked for those who look, and faults take mmap_lock instead: speed only",
  ],
  [
    /^tlb_finish_mmu\/atomic_add\/tlb_flush_pending$/,
    "bookkeeping",
    "a count that stays too high makes others flush more than they must",
  ],
  [
    /^do_wp_page\/write_once\/anon_exclusive$/,
    "bookkeeping",
    "spares the next store the look at the references",
  ],
  [/\/cpu_relax\//, "bookkeeping", "a hint to the processor while it spins"],
  [
    /^wake_userfault\/smp_mb\/memory$/,
    "unreachable",
    "a barrier does nothing under sequential consistency, which this page is about",
  ],
  [
    /^wp_can_reuse_anon_folio\/folio_trylock\/folio_lock$/,
    "unreachable",
    "the lock is against the swap cache, which has none of these folios",
  ],
  [
    /^filemap_fault_recheck_pte_none\/spin_lock\/pte_lock$/,
    "redundant",
    "finish_fault() looks at the entry again under the same lock",
  ],
  [
    /^filemap_fault\/down_read\/invalidate_lock$/,
    "redundant",
    "the folio's lock and the look at its mapping under it",
  ],
  [
    /\/down_read\/map_changing_lock$/,
    "unreachable",
    "nobody moves, unmaps or forks mappings beside userfaultfd here",
  ],
  [
    /^(unmap_mapping_folio|unmap_mapping_range|rmap_walk)\/down_read\/i_mmap_rwsem$/,
    "unreachable",
    "nobody adds VMAs to the file or takes them away beside it",
  ],
  [
    /^anon_vma_prepare\/down_write\/anon_vma$/,
    "unreachable",
    "the anon_vma is new: others could see it only if it were merged with a neighbour's, which is not modelled",
  ],
  [
    /^anon_vma_prepare\/read_once\/anon_vma$/,
    "no effect",
    "a look that is taken out answers what the thread saw last",
  ],
  [
    /^collapse_file\/down_read\/i_mmap_rwsem$/,
    "unreachable",
    "while VMAs are asked whether holes may be filled none may come; nobody adds VMAs to the file beside it",
  ],
  [
    /^collapse_file\/folio_trylock\/folio_lock$/,
    "redundant",
    "who locks a folio has a reference to it, which the count under the cache's lock finds",
  ],
  [
    /^collapse_huge_page\/folio_trylock\/folio_lock$/,
    "unreachable",
    "the lock is against reclaim and the swap cache; nobody else locks these anonymous folios",
  ],
  [
    /^do_cow_fault\/copy_highpage\/page$/,
    "unreachable",
    "only stores ask for this copy, and a page holds one token, which they replace",
  ],
  [
    /^do_shared_fault\/write_once\/folio_dirty$/,
    "redundant",
    "the entry that the fault installs is dirty, and zap hands that on; without the latter, dontneed-vs-store has a lost dirty",
  ],
  [
    /^filemap_add_folio\/folio_set_locked\/folio_lock$/,
    "unreachable",
    "it keeps others from a folio that is being read; here it is there at once",
  ],
  [
    /^filemap_fault\/folio_trylock\/folio_lock$/,
    "unreachable",
    "against truncation and collapse, which do not take pages from under this kind of fault here",
  ],
  [
    /^(handle_userfault|wake_userfault)\/spin_lock\/fault_pending_lock$/,
    "redundant",
    "it protects the list of the queue, and entering it and waking all are one step each here",
  ],
  [
    /^hpage_collapse_scan_pmd\/ptep_get\/pte$/,
    "redundant",
    "the scan is a first look: the isolation looks at every entry again under mmap_lock for writing",
  ],
  [
    /^huge_pmd_set_accessed\//,
    "redundant",
    "the processor sets Accessed and Dirty itself when the access is tried again",
  ],
  [
    /^lock_swap_cache_to_move\/(folio_lock|folio_trylock)\/folio_lock$/,
    "redundant",
    "both entries are compared again under both locks, and who maps the folio changes the source",
  ],
  [
    /^move_normal_pmd\/spin_lock\/pmd_lock$/,
    "redundant",
    "the rmap locks keep collapses of the file away, and mmap_lock for writing everybody else who changes slots",
  ],
  [
    /^take_rmap_locks\/down_write\/i_mmap_rwsem$/,
    "redundant",
    "move_normal_pmd (6fa1066fc5d0) and retract_page_tables (6c18ec9af86c) look at the slot again under pml",
  ],
  [
    /^(take_rmap_locks|move_pages_pte)\/(down_write|down_write_trylock)\/anon_vma$/,
    "unreachable",
    "no walk of the rmap of anonymous memory runs beside it",
  ],
  [
    /^move_pages_locked\/spin_lock\/pmd_lock$/,
    "redundant",
    "split_huge_pmd locks the slot itself and looks at it again, and leaves alone what is not huge any more",
  ],
  [
    /^move_pages_pte\/folio_wait_locked\/folio_lock$/,
    "bookkeeping",
    "waiting saves useless attempts: the call begins again whether or not it has waited",
  ],
  [
    /^move_pages_pte\/spin_lock\/pte_lock$/,
    "redundant",
    "each of these two locks is held for one read, and both entries are compared again under both locks",
  ],
  [
    /^move_ptes\/spin_lock\/pte_lock$/,
    "redundant",
    "the lock of the new table: that of the old one is held over the whole move, and truncation comes to the old address first",
  ],
  [
    /^move_swap_pte\/write_once\/folio_mapping$/,
    "unreachable",
    "source and destination are of one VMA in uffdmove-vs-swap, and so of one anon_vma",
  ],
  [
    /^next_uptodate_folio\/(folio_trylock\/folio_lock|read_once\/i_pages)$/,
    "redundant",
    "the page is mapped under its PTE lock while its mapping is the file's, and whoever takes it away unmaps it afterwards",
  ],
  [
    /^retract_page_tables\/read_once\/i_mmap$/,
    "bookkeeping",
    "a table that is passed over stays, empty, until it is filled again: memory only",
  ],
  [
    /^split_huge_pmd\/spin_lock\/pmd_lock$/,
    "unreachable",
    "two that split one page, or a fault that changes the slot, do not meet within these bounds",
  ],
  [
    /^tlb_finish_mmu\/read_once\/tlb_flush_pending$/,
    "no effect",
    "a look that is taken out answers what the thread saw last; answered 1, it is noticed: teardown.test.ts (T2-04)",
  ],
  [
    /^truncate_inode_folio\/spin_lock\/i_pages_lock$/,
    "unreachable",
    "against others that change the page cache of the file: no fault fills another page of it beside it",
  ],
  [
    /^try_get_and_clear_pmd\/spin_trylock\/pmd_lock$/,
    "redundant",
    "who changes a slot that names a table holds its PTE lock too, as the caller does; faults fill only slots that are none",
  ],
  [
    /^try_to_unmap_flush\/flush_tlb_mm_range\/tlb$/,
    "unreachable",
    "no CPU stores through a translation whose flush reclaim has put off",
  ],
  [
    /^mmap_read_trylock\/down_read_trylock\/mmap_lock$/,
    "redundant",
    "a fault that does not get it waits for it: mmap_lock_killable() in lock_mm_and_find_vma()",
  ],
];

/** The class and the reason of a site that nobody notices, if they are known. */
export function reasonOf(site) {
  const found = REASONS.find(([pattern]) => pattern.test(site));
  return found === undefined ? undefined : { kind: found[1], reason: found[2] };
}
