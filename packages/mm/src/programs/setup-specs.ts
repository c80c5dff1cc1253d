/** The calls of a set-up. Two of them may be made by threads as well. */

import { ioctl, RANGE, type CallSpec } from "./call-spec.ts";
import { FEATURES, MAP, MARKERS, PROT, REGISTER_MODES } from "./constants.ts";
import { address, bytes, choice, file, fileOrNone, fixed, flags, ignored, struct } from "./shapes.ts";

const SETUP = ["process"] as const;

/** Their names. */
export type SetupCallName =
  | "memfd_create"
  | "open"
  | "page_cache"
  | "page_cache_huge"
  | "userfaultfd"
  | "ioctl$UFFDIO_API"
  | "mmap"
  | "ioctl$UFFDIO_REGISTER"
  | "page_table"
  | "populate"
  | "populate_huge"
  | "pte_marker";

/** All of them. */
export const setupSpecs: Readonly<Record<SetupCallName, CallSpec>> = {
  memfd_create: {
    code: "mf",
    args: [],
    shape: [ignored("&AUTO='shmem\\x00'"), ignored("0x0")],
    places: ["files"],
    makes: "file",
    about: "a file of shmem",
  },
  open: {
    code: "op",
    args: [],
    shape: [ignored("&AUTO='./text\\x00'"), ignored("0x0"), ignored("0x0")],
    places: ["files"],
    makes: "file",
    about: "a file of another file system, such as read-only text",
  },
  page_cache: {
    code: "pc",
    args: ["file", "index", "pages"],
    shape: [file(0), bytes(1), bytes(2)],
    places: ["files"],
    about: "small pages of a file that are in the page cache",
  },
  page_cache_huge: {
    code: "ph",
    args: ["file"],
    shape: [file(0)],
    places: ["files"],
    about: "one huge folio holds all of a file",
  },
  userfaultfd: {
    code: "uf",
    args: [],
    shape: [ignored("0x0")],
    places: SETUP,
    makes: "uffd",
    about: "the userfaultfd of the process",
  },
  ioctl$UFFDIO_API: {
    code: "ua",
    args: ["features"],
    shape: ioctl("UFFDIO_API", fixed(0xaa), flags(0, FEATURES), ignored("0x0")),
    places: SETUP,
    about: "what it asks for",
  },
  mmap: {
    code: "mm",
    args: ["page", "pages", "prot", "map", "fileOrNone", "index"],
    shape: [...RANGE, flags(2, PROT), flags(3, MAP), fileOrNone(4), bytes(5)],
    places: ["process", "thread"],
    about: "maps a file or anonymous memory at an address",
  },
  ioctl$UFFDIO_REGISTER: {
    code: "rg",
    args: ["page", "pages", "registerModes"],
    shape: ioctl("UFFDIO_REGISTER", struct(...RANGE), flags(2, REGISTER_MODES), ignored("0x0")),
    places: ["process", "thread"],
    about: "faults of mappings become userfaultfd's",
  },
  page_table: {
    code: "pt",
    args: ["page"],
    shape: [address(0)],
    places: SETUP,
    about: "there is a page table, empty unless something is populated",
  },
  populate: {
    code: "pp",
    args: ["page", "pages"],
    shape: RANGE,
    places: SETUP,
    about: "pages are mapped: anonymous ones, written, or those of the page cache",
  },
  populate_huge: {
    code: "pu",
    args: ["slotPage"],
    shape: [address(0)],
    places: SETUP,
    about: "a huge page is mapped",
  },
  pte_marker: {
    code: "mk",
    args: ["page", "marker"],
    shape: [address(0), choice(1, MARKERS)],
    places: SETUP,
    about: "a marker stands in an entry",
  },
};
