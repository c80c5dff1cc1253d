/** The kernel's constants that programs name. Numbers as in the headers of x86-64: include/uapi/asm-generic/mman*.h and others. */

/** Names of one argument's values, or bits. */
export type ConstantTable = Readonly<Record<string, number>>;

/** PROT_*. */
export const PROT: ConstantTable = { PROT_READ: 1, PROT_WRITE: 2 };

export const MAP_SHARED = 0x1;
export const MAP_PRIVATE = 0x2;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_FIXED_NOREPLACE = 0x10_0000;

/** MAP_*. */
export const MAP: ConstantTable = {
  MAP_SHARED,
  MAP_PRIVATE,
  MAP_FIXED,
  MAP_ANONYMOUS,
  MAP_FIXED_NOREPLACE,
};

/** MREMAP_*: the only combination there is here. */
export const MREMAP: ConstantTable = { MREMAP_MAYMOVE: 1, MREMAP_FIXED: 2 };

/** MADV_*. */
export const ADVICE: ConstantTable = {
  MADV_DONTNEED: 4,
  MADV_COLLAPSE: 25,
  MADV_GUARD_INSTALL: 102,
  MADV_GUARD_REMOVE: 103,
};

export const FALLOC_FL_KEEP_SIZE = 1;
export const FALLOC_FL_PUNCH_HOLE = 2;

/** FALLOC_FL_*. */
export const FALLOC: ConstantTable = { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE };

export const MODE_MISSING = 1;
export const MODE_WP = 2;
export const MODE_MINOR = 4;

/** UFFDIO_REGISTER_MODE_*. */
export const REGISTER_MODES: ConstantTable = {
  UFFDIO_REGISTER_MODE_MISSING: MODE_MISSING,
  UFFDIO_REGISTER_MODE_WP: MODE_WP,
  UFFDIO_REGISTER_MODE_MINOR: MODE_MINOR,
};

export const FEATURE_EVENT_REMAP = 4;

/** UFFD_FEATURE_*: the one that changes what the kernel does here. */
export const FEATURES: ConstantTable = { UFFD_FEATURE_EVENT_REMAP: FEATURE_EVENT_REMAP };

/** UFFDIO_WRITEPROTECT_MODE_*. */
export const WRITEPROTECT_MODES: ConstantTable = { UFFDIO_WRITEPROTECT_MODE_WP: 1 };

/** FOLL_*: include/linux/mm_types.h. */
export const FOLL: ConstantTable = { FOLL_WRITE: 1 };

/** The numbers of ioctl(), include/uapi/linux/userfaultfd.h. */
export const IOCTL: ConstantTable = {
  UFFDIO_API: 0xc018_aa3f,
  UFFDIO_REGISTER: 0xc020_aa00,
  UFFDIO_UNREGISTER: 0x8010_aa01,
  UFFDIO_WAKE: 0x8010_aa02,
  UFFDIO_COPY: 0xc028_aa03,
  UFFDIO_ZEROPAGE: 0xc020_aa04,
  UFFDIO_MOVE: 0xc028_aa05,
  UFFDIO_WRITEPROTECT: 0xc018_aa06,
  UFFDIO_CONTINUE: 0xc020_aa07,
  UFFDIO_POISON: 0xc020_aa08,
};

export const PTE_MARKER_UFFD_WP = 1;
export const PTE_MARKER_POISONED = 2;

/** What a marker of the set-up says: include/linux/swapops.h. */
export const MARKERS: ConstantTable = { PTE_MARKER_UFFD_WP, PTE_MARKER_POISONED };

/** The name of a value, or of each of its bits, or its hexadecimal form where a bit has none. */
export function flagsText(value: number, table: ConstantTable): string {
  const whole = Object.entries(table).find(([, bits]) => bits === value);
  if (whole !== undefined) return whole[0];
  const names = Object.entries(table).filter(([, bits]) => (value & bits) === bits);
  const named = names.reduce((all, [, bits]) => all | bits, 0);
  if (value === 0 || named !== value) return `0x${value.toString(16)}`;
  return names.map(([name]) => name).join("|");
}
