/**
 * What of a real kernel's trace has no counterpart in the model, and why. Nothing else is left out of the comparison: a
 * lock class or an event that stands nowhere here is an error.
 */

/** Lock classes of the kernel, by their names in traces, as the model calls them. */
export const LOCK_CLASSES: Readonly<Record<string, string>> = {
  mmap_lock: "mmap_lock",
  vma_lock: "vma_lock",
  i_mmap_rwsem: "i_mmap_rwsem",
  anon_vma_rwsem: "anon_vma",
  page_table_lock: "page_table_lock",
  ptl_pmd: "pmd_lock",
  ptl_pte: "pte_lock",
  i_pages: "i_pages_lock",
  uffd_map_changing_lock: "map_changing_lock",
  rcu: "rcu",
};

/** Lock classes that the model does not have. */
export const LOCKS_LEFT_OUT: Readonly<Record<string, string>> = {
  lru_lock: "the LRU is one flag per folio; nobody waits for its lock",
  split_queue_lock: "deferred splitting of huge pages is not modelled",
  shmem_info_lock: "the accounting of shmem is not modelled",
  khugepaged_mm_lock: "the list of mms that khugepaged walks is not modelled: it is given one",
  notifier_subscriptions_lock: "nobody registers or leaves while threads run",
  notifier_user_mutex: "the lock of the test's own notifier",
  notifier_srcu: "nobody registers or leaves while threads run",
  task_lock: "task structures are not modelled",
  sb_writers: "file systems are not modelled",
  inode_rwsem: "file systems are not modelled: truncate has the file to itself",
  uffd_wqh: "the wait queue is one operation; its lock is inside",
  uffd_fd_wqh: "who polls the userfaultfd is not modelled",
  dup_mmap_sem: "fork is not modelled",
};

/** Events that say nothing that the model could say, or that stand for what other events say already. */
export const EVENTS_LEFT_OUT: Readonly<Record<string, string>> = {
  call: "which functions ran; the model's procedures are compared by what they lock and write",
  return: "as calls",
  might_lock: "a check of lockdep, nothing is taken",
  event: "tracepoints",
  forget_table: "bookkeeping of CONFIG_PAGE_TABLE_CHECK; the entry's removal is the clear_pmd before it",
};

/** RCU sections of the kernel, by the function that opens them, which the model does not have. */
export const RCU_LEFT_OUT: Readonly<Record<string, string>> = {
  do_fault_around: "keeps folios from being given to somebody else, which never happens in the model",
  filemap_map_pages: "as do_fault_around",
  next_uptodate_folio: "as do_fault_around",
};

/** Procedures of the model whose writes the traced kernels do not show. */
export const WRITES_NOT_TRACED: Readonly<Record<string, string>> = {
  wp_page_reuse: "ptep_set_access_flags() is not hooked",
  try_to_unmap_flush: "arch_tlbbatch_flush() is not hooked",
  exit_mmap: "mmu_notifier_release() tells subscribers of the end, not of a range",
};

/** Events that are compared, with the locks held at each. */
export const EVENTS_COMPARED: ReadonlySet<string> = new Set([
  "set_pte",
  "clear_pte",
  "set_pmd",
  "clear_pmd",
  "pmd_install_enter",
  "pte_free_defer",
  "flush_tlb",
  "mmu_notifier_start",
  "mmu_notifier_end",
]);
