// Why nothing notices that a step is missing, for the page of ablation-matrix.mjs. The first pattern that fits counts; a
// site that none fits is printed as unexplained. The reasons were worked out by reading, but where a test is named.

const REASONS = [
  [
    /^(dontneed|driver|fault|migrate|others|owner|reclaim|secondary|swap|truncate|uffd|walk)\//,
    "stand-in",
    "a scenario's own actor, in place of a procedure that is not modelled",
  ],
  [
    /^(zap_page_range_single_batched|collapse_pte_mapped_thp)\/mmu_notifier_invalidate_range_end\/|^kvm_mmu_invalidate_end\//,
    "blind oracle",
    "nobody watches that an invalidation ends, only that nothing is mapped during one",
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
    /\/copy_highpage\/page$/,
    "blind oracle",
    "contents are compared only where a user thread loads them afterwards",
  ],
  [
    /\/write_once\/folio_dirty$/,
    "blind oracle",
    "there is no writeback, which would lose a page that is not dirty",
  ],
  [
    /^(collapse_file|do_anonymous_page|do_huge_pmd_anonymous_page|mfill_atomic_pte_copy)\/folio_put\/folio_ref$/,
    "blind oracle",
    "the oracle of leaks counts pages on the LRU list, and this one is not, or no longer, on it",
  ],
  [
    /^(vm_area_free\/call_rcu\/rcu|rcu\/vm_area_free\/vma)$/,
    "blind oracle",
    "nobody counts VMAs that are never freed",
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
];

/** The class and the reason of a site that nobody notices, if they are known. */
export function reasonOf(site) {
  const found = REASONS.find(([pattern]) => pattern.test(site));
  return found === undefined ? undefined : { kind: found[1], reason: found[2] };
}
