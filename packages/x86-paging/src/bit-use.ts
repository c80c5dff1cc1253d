/**
 * What every bit of an entry means, per level and form, as a table: docs, rulers and explanations are made of it.
 *
 * Intel SDM volume 3, tables 5-14 to 5-20 for the processor's bits; arch/x86/include/asm/pgtable_types.h and
 * pgtable_64.h for Linux's. The fields of a form cover all 64 bits, each once.
 */

import { hasAnyBit, type Word, bitMask } from "./entry.ts";
import { BIT, type FlagName } from "./flags.ts";
import { LINUX_6_12, type EntryLayout } from "./layout.ts";
import { type Level, levelInfo } from "./level.ts";

/** The shapes an entry can have. `prot-none` is a page the processor does not see; `swap` is any other absent one. */
export type EntryForm = "table" | "page" | "prot-none" | "swap";

/** Who gives a field its meaning. `free`: ignored by the processor and not used by Linux. */
export type FieldOwner = "processor" | "Linux" | "free";

/** A run of bits with one meaning. */
export interface BitField {
  /** Lowest and highest bit, 0..63; equal for a single bit. */
  readonly first: number;
  readonly last: number;
  /** A short name that fits over a ruler. */
  readonly name: string;
  readonly owner: FieldOwner;
  /** One sentence without a full stop: what it means when set, or what the number is. */
  readonly meaning: string;
}

/** The forms that entries of a level can have under Linux. Only PTEs and pmds are ever absent and not empty. */
export function formsOf(level: Level): readonly EntryForm[] {
  if (level === 1) return ["page", "prot-none", "swap"];
  if (level === 2) return ["table", "page", "prot-none", "swap"];
  return level === 3 ? ["table", "page"] : ["table"];
}

/** The fields of a form, lowest bit first. */
export function bitFields(
  level: Level,
  form: EntryForm,
  layout: EntryLayout = LINUX_6_12,
): readonly BitField[] {
  if (form === "swap") return swapFields();
  if (form === "table") return tableFields(level, layout);
  return pageFields(level, form, layout);
}

function one(bit: number | FlagName, name: string, owner: FieldOwner, meaning: string): BitField {
  const at = typeof bit === "number" ? bit : BIT[bit];
  return { first: at, last: at, name, owner, meaning };
}

function run(first: number, last: number, name: string, owner: FieldOwner, meaning: string): BitField {
  return { first, last, name, owner, meaning };
}

/** Bits 0..5, which all present forms share. */
function commonFields(what: string): BitField[] {
  return [
    one("PRESENT", "P", "processor", "present: the processor may use the entry"),
    one("RW", "RW", "processor", `writes are allowed to ${what}`),
    one("USER", "US", "processor", `user mode may use ${what}`),
    one("PWT", "PWT", "processor", "cache attribute, low bit"),
    one("PCD", "PCD", "processor", "cache attribute, middle bit"),
    one("ACCESSED", "A", "processor", "used by a translation since last cleared"),
  ];
}

function tableFields(level: Level, layout: EntryLayout): BitField[] {
  const bit7 =
    level >= 4
      ? one(7, "0", "processor", "reserved: must be clear")
      : one("PSE", "0", "processor", `clear: points to a table; set: maps ${levelInfo(level).page}`);
  const fields = [
    ...commonFields("what lies below"),
    one(6, "D", "Linux", "always set, as part of 0x067; ignored by the processor"),
    bit7,
    run(8, 11, "-", "free", "ignored (bit 11: restart, with hypervisor-managed translation)"),
    run(12, 51, "frame", "processor", "frame of the table; from the processor's address width up reserved"),
  ];
  const shadow = highBit(layout.noPtiShadow);
  if (level >= 4 && shadow !== undefined) {
    fields.push(
      run(52, shadow - 1, "-", "free", "ignored"),
      one(shadow, "npt", "Linux", "in a root table: not copied to the user page table (PTI)"),
      run(shadow + 1, 62, "-", "free", "ignored"),
    );
  } else fields.push(run(52, 62, "-", "free", "ignored"));
  fields.push(one("NX", "NX", "processor", "nothing below may be executed"));
  return fields;
}

function pageFields(level: Level, form: "page" | "prot-none", layout: EntryLayout): BitField[] {
  const absent = form === "prot-none";
  const fields = commonFields("the page");
  if (absent) fields[0] = one("PRESENT", "0", "processor", "clear: the processor faults");
  fields.push(one("DIRTY", "D", "processor", "written through since last cleared"));
  if (level === 1) fields.push(one("PAT", "PAT", "processor", "cache attribute, high bit"));
  else fields.push(one("PSE", "PS", "processor", "set: the entry maps a page"));
  fields.push(
    absent
      ? one("PROTNONE", "PN", "Linux", "set: a page is here and must not be touched (PROT_NONE, NUMA hint)")
      : one("GLOBAL", "G", "processor", "kept when CR3 is loaded, with CR4.PGE"),
    one("SPECIAL", "sp", "Linux", specialMeaning(level, layout)),
    one("UFFD_WP", "uw", "Linux", "write-protected by userfaultfd"),
    one("SOFT_DIRTY", "sd", "Linux", "written since the last clear_refs"),
    ...frameFields(level, absent),
    ...softwareFields(layout),
    run(BIT.PKEY0, BIT.PKEY3, "pkey", "processor", "protection key, 0 to 15"),
    one("NX", "NX", "processor", "the page may not be executed"),
  );
  return fields;
}

function specialMeaning(level: Level, layout: EntryLayout): string {
  const text = "no struct page may be used";
  return level === 1 || layout.specialLarge ? text : "not used in large entries by this release";
}

function frameFields(level: Level, absent: boolean): BitField[] {
  const inverted = absent ? ", stored inverted" : "";
  if (level === 1) return [run(12, 51, "frame", "processor", `frame of the page${inverted}`)];
  const shift = levelInfo(level).shift;
  const frame = run(shift, 51, "frame", "processor", `frame of the ${levelInfo(level).page} page${inverted}`);
  return [
    one("PAT_LARGE", "PAT", "processor", "cache attribute, high bit"),
    run(
      13,
      shift - 1,
      "0",
      "processor",
      absent ? "clear (set by hugetlb for PROT_NONE)" : "reserved: must be clear",
    ),
    frame,
  ];
}

/** Bits 52..58, where releases differ. */
function softwareFields(layout: EntryLayout): BitField[] {
  const named = new Map<number, BitField>();
  const devmap = highBit(layout.devmap);
  if (devmap !== undefined) named.set(devmap, one(devmap, "dev", "Linux", "a device's page (pmem, HMM)"));
  const saved = highBit(layout.savedDirty);
  if (saved !== undefined) {
    named.set(saved, one(saved, "svd", "Linux", "dirty, remembered here while the page is read-only"));
  }
  const firstNamed = Math.min(...named.keys(), 59);
  const fields: BitField[] = [run(52, firstNamed - 1, "-", "free", "ignored")];
  for (let bit = firstNamed; bit < 59; bit++) {
    fields.push(named.get(bit) ?? one(bit, "-", "free", "ignored"));
  }
  return fields;
}

function swapFields(): BitField[] {
  return [
    one("PRESENT", "0", "processor", "clear: the processor faults and ignores all other bits"),
    one(1, "sd", "Linux", "soft-dirty"),
    one(2, "uw", "Linux", "write-protected by userfaultfd"),
    one(3, "ex", "Linux", "the anonymous page is exclusive to this process"),
    run(4, 6, "0", "free", "clear (5 and 6 are where old processors could set A and D by mistake)"),
    one(7, "0", "Linux", "clear: else a huge page that is being split"),
    one(8, "0", "Linux", "clear: else PROT_NONE"),
    run(9, 58, "~offset", "Linux", "offset or frame, stored inverted"),
    run(59, 63, "type", "Linux", "swap file, or kind of special entry"),
  ];
}

/** The number of the single bit in a mask, or undefined for an empty one. */
function highBit(mask: Word): number | undefined {
  for (let bit = 0; bit < 64; bit++) if (hasAnyBit(mask, bitMask(bit))) return bit;
  return undefined;
}
