/**
 * What user space does for each thread of a scenario: declared here, and written out as a C program by `mmrace reproduce`.
 *
 * Addresses of the model are real ones already: pages are 4 KiB, a slot is 2 MiB. Only tables are shorter, so that page `n`
 * of an area is page `n` there too, and what is said of all pages of a table is said of 512.
 */

/** One page of an area. */
export interface UserPlace {
  readonly area: string;
  readonly page: number;
}

/** Memory that a process maps, at an address that is a whole number of slots from the base. */
export interface UserArea {
  readonly slot: number;
  /** Default: a whole slot, 512 pages. */
  readonly pages?: number;
  /** What it maps, from its first page on. Default: anonymous memory. */
  readonly file?: string;
  readonly shared?: boolean;
  /** Default: `rw`. */
  readonly protection?: "r" | "rw" | "rwx";
  /** Default: the main process. */
  readonly process?: string;
  /** An address that is kept free, for a mapping that comes to it. */
  readonly isReserved?: boolean;
}

/** A file of 2 MiB, made anew for each round. */
export interface UserFile {
  /** `plain`: of the file system in which the program runs, open for reading only. Default: shmem, a memfd. */
  readonly kind?: "memfd" | "plain";
  /** What the page cache has of it: so many pages from the first, all 512, or one huge page. Default: 0, holes only. */
  readonly cached?: number | "all" | "huge";
}

/** Advice of madvise(2) that programs give. */
export type UserAdvice =
  | "MADV_COLLAPSE"
  | "MADV_DONTNEED"
  | "MADV_GUARD_INSTALL"
  | "MADV_HUGEPAGE"
  | "MADV_NOHUGEPAGE"
  | "MADV_PAGEOUT"
  | "MADV_POPULATE_READ";

/** Modes of UFFDIO_REGISTER. */
export type UserModes = readonly ("missing" | "minor" | "wp")[];

/** A system call, or an access of user code. */
export type UserCall =
  | { readonly call: "load" | "mincore"; readonly at: UserPlace }
  | { readonly call: "store"; readonly at: UserPlace; readonly value: number }
  | {
      readonly call: "madvise";
      readonly advice: UserAdvice;
      readonly at: UserPlace;
      readonly pages: number | "all";
    }
  | { readonly call: "munmap"; readonly area: string }
  | { readonly call: "mremap"; readonly area: string; readonly to: string }
  | { readonly call: "mlock"; readonly area: string }
  /** To nothing. */
  | { readonly call: "ftruncate"; readonly file: string }
  /** FALLOC_FL_PUNCH_HOLE of one page. */
  | { readonly call: "punch"; readonly file: string; readonly page: number }
  | { readonly call: "exit" }
  | { readonly call: "register"; readonly area: string; readonly modes: UserModes }
  | { readonly call: "copy" | "zeropage" | "continue" | "poison"; readonly at: UserPlace }
  | { readonly call: "writeprotect"; readonly at: UserPlace; readonly on: boolean }
  | { readonly call: "move"; readonly to: UserPlace; readonly from: UserPlace }
  | {
      readonly call: "vmsplice" | "direct-read" | "idle-walk" | "migrate" | "guest-load";
      readonly at: UserPlace;
    }
  | { readonly call: "drain" };

/** What only a set-up does: states that take several calls to get to. */
export type Arrangement =
  /** A page table with nothing in it. With `anonVma` the area has had an anonymous page. */
  | { readonly arrange: "empty-table"; readonly area: string; readonly anonVma?: boolean }
  /** So many entries, each of which maps a piece of the huge page of the area's file. */
  | { readonly arrange: "pieces"; readonly area: string; readonly pages: number }
  /** One page of a file, and none of those around it that the fault may have mapped as well. */
  | { readonly arrange: "only"; readonly at: UserPlace }
  /** A huge anonymous page; a large one of the smallest size that there is. */
  | { readonly arrange: "huge-page" | "large-folio"; readonly area: string }
  /** A page that is swapped out. */
  | { readonly arrange: "swapped"; readonly at: UserPlace }
  /** Pages that are write-protected since a fork, and nobody else's since the child has gone. */
  | { readonly arrange: "forked" }
  /** A virtual machine whose memory is the area. */
  | { readonly arrange: "guest"; readonly area: string }
  /** The frame of a page, found out, for `idle-walk`. */
  | { readonly arrange: "frame"; readonly at: UserPlace };

/** Another process, with areas of its own. */
export interface UserProcess {
  /** It is forked after the set-up of the main process, and has what that has. Default: before, with nothing. */
  readonly inherits?: boolean;
  readonly setup?: readonly (UserCall | Arrangement)[];
}

/** What stands for one thread of the scenario. */
export interface UserThread {
  readonly does: readonly UserCall[];
  /** Default: the main process. A process other than that has one thread. */
  readonly process?: string;
  /** For what the kernel does by itself: what of it user space provokes here, and how. */
  readonly provokes?: string;
}

/** A scenario in terms of user space. */
export interface Userspace {
  readonly files?: Readonly<Record<string, UserFile>>;
  readonly areas: Readonly<Record<string, UserArea>>;
  /** In the main process, in this order, after the areas are mapped. */
  readonly setup?: readonly (UserCall | Arrangement)[];
  readonly processes?: Readonly<Record<string, UserProcess>>;
  /** By the names of the scenario's threads, all of them. */
  readonly threads: Readonly<Record<string, UserThread>>;
  /** What the machine must have that the program cannot see. */
  readonly needs?: readonly string[];
  /** Where user space does something other than the model. */
  readonly differs?: readonly string[];
}

/** Said of a scenario that no program of user space can be written for. */
export interface NotExpressible {
  readonly notExpressible: string;
}
