/** From what a syzkaller program asks for to what the model has: flags that change nothing are dropped, the rest is refused. */

import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FEATURE_EVENT_REMAP,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  MAP_SHARED,
} from "./constants.ts";

/** A call as it was read: pages from the first address of the world, lengths in pages. */
export interface RawCall {
  readonly name: string;
  readonly args: number[];
  readonly line: number;
  readonly isAsync: boolean;
}

/** Flags of mmap() that say nothing about page tables: MAP_POPULATE, MAP_NORESERVE, MAP_STACK and others. */
const MAP_KEPT = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
const PROT_READ_WRITE = 3;
const MREMAP_NEEDED = 3;
const HUGETLB = 0x4_0000;
const GROWSDOWN = 0x100;

/** Why the model does not have the call, and what it has; else the call is narrowed in place. */
export function narrow(call: RawCall, notes: string[]): string | undefined {
  const { name, args, line } = call;
  const dropBits = (at: number, kept: number, what: string): void => {
    const dropped = args[at]! & ~kept;
    if (dropped !== 0)
      notes.push(`line ${line}: ${what} 0x${dropped.toString(16)} of ${name} were left out.`);
    args[at] = args[at]! & kept;
  };
  switch (name) {
    case "mmap": {
      if ((args[3]! & (HUGETLB | GROWSDOWN)) !== 0) return "Neither hugetlb nor growing stacks are modelled.";
      dropBits(2, PROT_READ_WRITE, "the protections");
      dropBits(3, MAP_KEPT, "the flags");
      if (args[2] === 0) return "Mappings that nobody may use are not modelled.";
      if ((args[3]! & (MAP_FIXED | MAP_FIXED_NOREPLACE)) === 0) args[3] = args[3]! | MAP_FIXED;
      if ((args[3]! & MAP_FIXED_NOREPLACE) !== 0) args[3] = args[3]! & ~MAP_FIXED;
      return args[5] === 0 ? undefined : "Files are mapped from their beginning.";
    }
    case "mremap":
      if (args[3] !== args[1] || args[4] !== MREMAP_NEEDED)
        return "Only mremap() with MREMAP_MAYMOVE|MREMAP_FIXED that keeps the size is modelled.";
      args.length = 3;
      return undefined;
    case "madvise":
      return [4, 25, 102, 103].includes(args[2]!)
        ? undefined
        : "Of advice only MADV_DONTNEED, MADV_COLLAPSE, MADV_GUARD_INSTALL and MADV_GUARD_REMOVE are modelled.";
    case "ioctl$UFFDIO_API":
      dropBits(0, FEATURE_EVENT_REMAP, "the features");
      return undefined;
    case "ioctl$UFFDIO_COPY":
    case "ioctl$UFFDIO_ZEROPAGE":
    case "ioctl$UFFDIO_CONTINUE":
    case "ioctl$UFFDIO_POISON":
      args[2] ??= 0;
      return args[2] === 0 ? undefined : "Modes of fills are not modelled.";
    case "ioctl$UFFDIO_MOVE":
      if ((args[3] ?? 0) !== 0) notes.push(`line ${line}: the mode of ${name} was left out.`);
      args.length = 3;
      return undefined;
    case "fallocate":
      return args[1] === (FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)
        ? undefined
        : "Of fallocate() only FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE is modelled.";
    default:
      return undefined;
  }
}
