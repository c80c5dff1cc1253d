/** Known races that the model cannot show, and why. Ids as in the entries of the catalogue. */

/** One of them. */
export interface NotModelled {
  readonly id: string;
  readonly slug: string;
  /** Fixing commit. */
  readonly fix: string;
  readonly reason: string;
}

const NO_SWAP = "needs swap-in faults, which are not modelled";
const NO_SWITCH = "needs switching between address spaces: loaded_mm, tlb_gen and lazy TLBs are not modelled";
const NO_HUGETLB = "needs page tables of hugetlb that processes share";

/** In the order of ids. */
export const notModelled: readonly NotModelled[] = [
  {
    id: "T1-11",
    slug: "madvcollapse-swap-pmd",
    fix: "edb5d0cf5525 (6.2)",
    reason:
      "on x86-64 a PMD that is not present is bad as well, so without its own test it is refused all the same; a unit test shows it",
  },
  {
    id: "T1-17",
    slug: "pagewalk-pud-split",
    fix: "3b89863c3fa4 (7.0)",
    reason: "needs huge pages of 1 GiB: levels above the PMD are not modelled",
  },
  {
    id: "T1-18",
    slug: "pfnmap-no-reread",
    fix: "ffef67b93aa3 (7.0)",
    reason: "follow_pfnmap_start() is not modelled",
  },
  {
    id: "T1-19",
    slug: "ptalloc-publish-order",
    fix: "362a61ad6119",
    reason: "needs a memory model weaker than x86-TSO, under which stores are not reordered",
  },
  {
    id: "T2-02",
    slug: "uffdwp-deferred-flush",
    fix: "6ce64428d620 (5.12)",
    reason:
      "since PageAnonExclusive (5.19) a page that was writable is reused and not copied, so that no store is lost in the modelled releases",
  },
  {
    id: "T2-03",
    slug: "numa-tlb-pending",
    fix: "20841405940e (3.13)",
    reason: "needs migration and NUMA hints that are set meanwhile",
  },
  {
    id: "T2-05",
    slug: "reclaim-batch-flush",
    fix: "3ea277194daa (4.13)",
    reason:
      "needs mprotect, or reclaim of anonymous pages; of files' pages it is modelled, but nobody relies on the flush",
  },
  {
    id: "T2-07",
    slug: "pmd-transient-none",
    fix: "ced108037c2a (4.11)",
    reason: "needs an in-place change of a huge PMD by mprotect or NUMA hints",
  },
  {
    id: "T2-08",
    slug: "pae-vs-gupfast-order",
    fix: "088b8aa537c2 (6.1)",
    reason: "needs migration, KSM or reclaim of anonymous pages, which take the exclusive flag away",
  },
  {
    id: "T2-09",
    slug: "thp-mapcount-cow",
    fix: "c444eb564fb1 (5.8)",
    reason: "needs fork, and per-page map counts",
  },
  { id: "T2-10", slug: "dirty-cow", fix: "19be0eaffa3a (4.9)", reason: "needs slow GUP, with its retries" },
  {
    id: "T2-11",
    slug: "pmd-migration-dirty",
    fix: "8a8683ad9ba4 (5.6)",
    reason: "needs migration of huge pages",
  },
  {
    id: "T2-12",
    slug: "madvfree-vs-gup",
    fix: "6c8e2a256915 (5.18)",
    reason: "needs MADV_FREE, and reclaim of anonymous pages",
  },
  { id: "T2-13", slug: "hugetlb-unshare-gup", fix: "1013af4f585f (6.16)", reason: NO_HUGETLB },
  { id: "T2-14", slug: "hugetlb-unshare-noflush", fix: "a4a118f2eead (5.16)", reason: NO_HUGETLB },
  { id: "T2-15", slug: "tlb-switch-window", fix: "fea4e317f9e7 (6.15)", reason: NO_SWITCH },
  { id: "T2-16", slug: "tlb-switch-storeload", fix: "83b0177a6c48 (6.18)", reason: NO_SWITCH },
  { id: "T2-17", slug: "tlb-freed-tables", fix: "3ef938c35035 (6.15)", reason: NO_SWITCH },
  { id: "T3-01", slug: "fork-vma-lock", fix: "fb49c455323f (6.5)", reason: "needs fork" },
  {
    id: "T3-02",
    slug: "vma-seq-order",
    fix: "b1f02b95758d (6.5)",
    reason: "needs a memory model weaker than x86-TSO",
  },
  {
    id: "T3-03",
    slug: "vma-refcnt-uaf",
    fix: "9bbffee67ffd (6.17)",
    reason:
      "needs VMAs whose memory is used again by another mm; the lock alone is in the tests of @mmrace/locks",
  },
  {
    id: "T3-04",
    slug: "stackrot",
    fix: "8d7071af8907 (6.5)",
    reason: "needs the nodes of the VMA tree, and stacks that grow",
  },
  { id: "T3-05", slug: "swapin-aba", fix: "13ddaf26be32 (6.8)", reason: NO_SWAP },
  {
    id: "T3-06",
    slug: "shmem-split-deadlock",
    fix: "1c2f67308af4 (5.11)",
    reason: "needs the splitting of folios of files",
  },
  { id: "T3-07", slug: "huge-zero-pfn", fix: "not confirmed", reason: "needs the huge zero page" },
];
