/** The calls of threads: system calls, user code, activities of the kernel. */

import { ioctl, RANGE, type CallSpec } from "./call-spec.ts";
import { ADVICE, FALLOC, FOLL, MREMAP, WRITEPROTECT_MODES } from "./constants.ts";
import {
  address,
  bytes,
  choice,
  file,
  fixed,
  flags,
  ignored,
  number,
  processNumber,
  struct,
  vma,
  type Shape,
} from "./shapes.ts";

const THREAD = ["thread"] as const;
const KTHREAD = ["kthread"] as const;

/** A fill of one page: `struct uffdio_zeropage` and its like. */
function fillOf(name: string): readonly Shape[] {
  return ioctl(name, struct(vma(0, 1), fixed(0x1000)), fixed(0), ignored("0x0"));
}

/** Their names. */
export type ThreadCallName =
  | "munmap"
  | "mremap"
  | "madvise"
  | "ioctl$UFFDIO_UNREGISTER"
  | "ioctl$UFFDIO_COPY"
  | "ioctl$UFFDIO_ZEROPAGE"
  | "ioctl$UFFDIO_CONTINUE"
  | "ioctl$UFFDIO_POISON"
  | "ioctl$UFFDIO_WRITEPROTECT"
  | "ioctl$UFFDIO_MOVE"
  | "ioctl$UFFDIO_WAKE"
  | "ftruncate"
  | "fallocate"
  | "load"
  | "store"
  | "pin_user_pages_fast"
  | "unpin_user_pages"
  | "exit_group"
  | "khugepaged_scan_mm_slot"
  | "hpage_collapse_scan_file"
  | "shrink_folio_list"
  | "folio_referenced"
  | "kvm_page_fault";

/** All of them. */
export const threadSpecs: Readonly<Record<ThreadCallName, CallSpec>> = {
  munmap: {
    code: "mu",
    args: ["page", "pages"],
    shape: RANGE,
    places: THREAD,
    about: "takes mappings away",
  },
  mremap: {
    code: "mr",
    args: ["page", "pages", "page"],
    shape: [...RANGE, bytes(1), fixed(3, Object.keys(MREMAP).join("|")), vma(2, { arg: 1 })],
    places: THREAD,
    about: "moves a mapping to another address",
  },
  madvise: {
    code: "ma",
    args: ["page", "pages", "advice"],
    shape: [...RANGE, choice(2, ADVICE)],
    places: THREAD,
    about: "MADV_DONTNEED, MADV_COLLAPSE, MADV_GUARD_INSTALL, MADV_GUARD_REMOVE",
  },
  ioctl$UFFDIO_UNREGISTER: {
    code: "un",
    args: ["page", "pages"],
    shape: ioctl("UFFDIO_UNREGISTER", ...RANGE),
    places: THREAD,
    about: "faults are the kernel's again",
  },
  ioctl$UFFDIO_COPY: {
    code: "uc",
    args: ["page"],
    shape: ioctl("UFFDIO_COPY", vma(0, 1), ignored("nil"), fixed(0x1000), fixed(0), ignored("0x0")),
    places: THREAD,
    about: "fills one page with a copy",
  },
  ioctl$UFFDIO_ZEROPAGE: {
    code: "uz",
    args: ["page"],
    shape: fillOf("UFFDIO_ZEROPAGE"),
    places: THREAD,
    about: "fills one page with zeroes",
  },
  ioctl$UFFDIO_CONTINUE: {
    code: "uo",
    args: ["page"],
    shape: fillOf("UFFDIO_CONTINUE"),
    places: THREAD,
    about: "maps one page that is in the page cache",
  },
  ioctl$UFFDIO_POISON: {
    code: "ui",
    args: ["page"],
    shape: fillOf("UFFDIO_POISON"),
    places: THREAD,
    about: "makes accesses to one page fail",
  },
  ioctl$UFFDIO_WRITEPROTECT: {
    code: "uw",
    args: ["page", "pages", "wpMode"],
    shape: ioctl("UFFDIO_WRITEPROTECT", struct(...RANGE), flags(2, WRITEPROTECT_MODES)),
    places: THREAD,
    about: "protects pages from stores, or lifts that",
  },
  ioctl$UFFDIO_MOVE: {
    code: "um",
    args: ["page", "page", "pages"],
    shape: ioctl("UFFDIO_MOVE", vma(0, { arg: 2 }), vma(1, { arg: 2 }), bytes(2), fixed(0), ignored("0x0")),
    places: THREAD,
    about: "moves pages from one address to another",
  },
  ioctl$UFFDIO_WAKE: {
    code: "uk",
    args: ["page", "pages"],
    shape: ioctl("UFFDIO_WAKE", ...RANGE),
    places: THREAD,
    about: "lets faults that wait look again",
  },
  ftruncate: {
    code: "ft",
    args: ["file", "size"],
    shape: [file(0), bytes(1)],
    places: ["thread", "kthread"],
    about: "makes a file shorter, or longer",
  },
  fallocate: {
    code: "fa",
    args: ["file", "fallocMode", "index", "pages"],
    shape: [file(0), flags(1, FALLOC), bytes(2), bytes(3)],
    places: ["thread", "kthread"],
    about: "punches a hole into a file",
  },
  load: {
    code: "ld",
    args: ["page"],
    shape: [address(0)],
    places: THREAD,
    about: "user code loads from a page",
  },
  store: {
    code: "st",
    args: ["page", "value"],
    shape: [address(0), number(1)],
    places: THREAD,
    about: "user code stores a value to a page",
  },
  pin_user_pages_fast: {
    code: "pi",
    args: ["page", "foll"],
    shape: [address(0), flags(1, FOLL)],
    places: THREAD,
    about: "pins a page, for as long as the thread runs or until it unpins",
  },
  unpin_user_pages: {
    code: "up",
    args: [],
    shape: [],
    places: THREAD,
    about: "gives all pins of the thread back",
  },
  exit_group: {
    code: "ex",
    args: [],
    shape: [fixed(0)],
    places: THREAD,
    about: "the process, which has no other thread, takes its address space down",
  },
  khugepaged_scan_mm_slot: {
    code: "kh",
    args: ["process"],
    shape: [processNumber(0)],
    places: KTHREAD,
    about: "khugepaged comes to a process",
  },
  hpage_collapse_scan_file: {
    code: "cf",
    args: ["file"],
    shape: [file(0)],
    places: KTHREAD,
    about: "khugepaged collapses a file, as it does for any process that maps it",
  },
  shrink_folio_list: {
    code: "sf",
    args: ["file", "index"],
    shape: [file(0), bytes(1)],
    places: KTHREAD,
    about: "reclaim unmaps a page of a file from everywhere; it stays in the page cache",
  },
  folio_referenced: {
    code: "fr",
    args: ["file", "index"],
    shape: [file(0), bytes(1)],
    places: KTHREAD,
    about: "reclaim asks whether a page of a file was used",
  },
  kvm_page_fault: {
    code: "kv",
    args: ["process", "page"],
    shape: [processNumber(0), address(1)],
    places: KTHREAD,
    about: "the process's virtual machine faults on a page",
  },
};
