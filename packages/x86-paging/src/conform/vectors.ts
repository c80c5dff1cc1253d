/**
 * Header vectors: rows that say what a helper of the kernel's headers returns, against this package. A row is a
 * helper's name, operands and result, one JSON object per line: `{"f": name, "a": [operands], "r": result}`.
 *
 * The function under test is found by rule: the kernel's name in camel case, as the index exports it. What the rule
 * cannot say (bigint addresses, frame numbers, folded helpers) is spelled out in `SPECIAL`. A first reader may skip it.
 */

import { PagingError } from "../errors.ts";
import * as paging from "../index.ts";
import type { Entry, EntryLayout, LevelCount, MachineOptions, Word } from "../index.ts";

/** One row: a call and what the real header returned. */
export interface VectorRow {
  /** The helper's name in the kernel. */
  readonly f: string;
  /** Operands, hexadecimal. */
  readonly a: readonly string[];
  /** Result, hexadecimal; truth values are 0x0 and 0x1. */
  readonly r: string;
  /** Evaluated with user shadow stacks on. */
  readonly shstk?: 1;
}

type Helper = (...args: unknown[]) => unknown;
/** Turns the textual operands of a row into arguments, and calls. */
type Adapter = (row: VectorRow, layout: EntryLayout) => unknown;

const word = (text: string | undefined): Word => paging.entryFromHex(text!);
const integer = (text: string | undefined): number => Number(BigInt(text!));
const levels = (text: string | undefined): LevelCount => integer(text) as LevelCount;

const pfnAndProt = (make: (pfn: number, prot: Word) => Entry): Adapter => {
  return ({ a }) => make(integer(a[0]), word(a[1]));
};
const addressAndLevels = (f: (va: bigint, levels: LevelCount) => number): Adapter => {
  return ({ a }) => f(BigInt(a[0]!), levels(a[1]));
};
const addrEnd = (f: (addr: bigint, end: bigint, levels: LevelCount) => bigint): Adapter => {
  return ({ a }) => f(BigInt(a[0]!), BigInt(a[1]!), levels(a[2]));
};
const upper = (f: (entry: Entry, levels: LevelCount, layout: EntryLayout) => boolean): Adapter => {
  return ({ a }, layout) => f(word(a[0]), levels(a[1]), layout);
};
const access = (f: (entry: Entry, write: boolean) => boolean): Adapter => {
  return ({ a }) => f(word(a[0]), integer(a[1]) !== 0);
};

/** Takes a packed swap entry apart and puts it together again; bits 8..0 are neither type nor offset. */
const repacked: Adapter = ({ a }) => {
  const packed = word(a[0]);
  const again = paging.archSwpEntry(paging.archSwpType(packed), paging.archSwpOffset(packed));
  return paging.withBits(again, { lo: packed.lo & 0x1ff, hi: 0 });
};

/** Helpers whose operands are not all plain 64-bit words. */
const SPECIAL: Readonly<Record<string, Adapter>> = {
  __canonical_address: ({ a }) => paging.canonicalAddress(BigInt(a[0]!), integer(a[1])),
  __is_canonical_address: ({ a }) => paging.isCanonicalAddress(BigInt(a[0]!), integer(a[1])),
  pgd_index: addressAndLevels(paging.pgdIndex),
  p4d_index: addressAndLevels(paging.p4dIndex),
  pud_index: addressAndLevels(paging.pudIndex),
  pmd_index: addressAndLevels(paging.pmdIndex),
  pte_index: addressAndLevels(paging.pteIndex),
  pgd_addr_end: addrEnd(paging.pgdAddrEnd),
  pud_addr_end: addrEnd(paging.pudAddrEnd),
  pmd_addr_end: addrEnd(paging.pmdAddrEnd),
  pgd_none: upper(paging.pgdNone),
  pgd_bad: upper(paging.pgdBad),
  pgd_present: upper(paging.pgdPresent),
  p4d_none: upper(paging.p4dNone),
  p4d_bad: ({ a }, layout) => paging.p4dBad(word(a[0]), layout),
  p4d_present: upper(paging.p4dPresent),
  pfn_pte: pfnAndProt(paging.pfnPte),
  pfn_pmd: pfnAndProt(paging.pfnPmd),
  pfn_pud: pfnAndProt(paging.pfnPud),
  mk_pte_vm_get_page_prot: ({ a }) => paging.pfnPte(integer(a[0]), paging.vmGetPageProt(word(a[1]))),
  mk_pmd_vm_get_page_prot: ({ a }) => {
    return paging.pmdMkhuge(paging.pfnPmd(integer(a[0]), paging.vmGetPageProt(word(a[1]))));
  },
  pte_access_permitted: access(paging.pteAccessPermitted),
  pmd_access_permitted: access(paging.pmdAccessPermitted),
  pte_advance_pfn: ({ a }) => paging.pteAdvancePfn(word(a[0]), integer(a[1])),
  __swp_entry: ({ a }) => paging.archSwpEntry(integer(a[0]), word(a[1])),
  __swp_type: ({ a }) => paging.archSwpType(word(a[0])),
  __swp_offset: ({ a }) => paging.archSwpOffset(word(a[0])),
  __pte_to_swp_entry: repacked, // The packed form is the pte itself.
  __swp_entry_to_pte: repacked,
  swp_entry: ({ a }) => paging.swpEntry(integer(a[0]), word(a[1])),
  make_pte_marker: ({ a }, layout) => paging.makePteMarker(integer(a[0]), layout),
  pgprot_4k_2_large: ({ a }) => paging.pgprot4kToLarge(word(a[0])),
  pgprot_large_2_4k: ({ a }) => paging.pgprotLargeTo4k(word(a[0])),
  pmd_large: ({ a }) => paging.pmdLeaf(word(a[0])), // Renamed in 6.12.
  pud_large: ({ a }, layout) => paging.pudLeaf(word(a[0]), layout),
};

/** `pte_swp_mkuffd_wp` becomes `pteSwpMkuffdWp`. */
export function camelCase(kernelName: string): string {
  return kernelName.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * The machine a row was evaluated on. Rows marked `shstk` have user shadow stacks on, and 40-bit frames in
 * migration entries: whoever switched the feature on in the harness switched 5-level paging on with it.
 */
export function machineOf(row: VectorRow): Partial<MachineOptions> {
  return row.shstk === 1 ? { shadowStack: true, levels: 5 } : { shadowStack: false, levels: 4 };
}

/** The package's answer to a row, as text like the row's own; or `missing` when it has no such function. */
export function answer(
  row: VectorRow,
  layout: EntryLayout,
  machine: Partial<MachineOptions> = machineOf(row),
): string {
  const on = paging.onMachine(layout, machine);
  const special = SPECIAL[row.f];
  if (special !== undefined) return text(special(row, on));
  const helper = (paging as unknown as Record<string, Helper | undefined>)[camelCase(row.f)];
  if (helper === undefined) return "missing";
  return text(helper(...row.a.map(word), on));
}

function text(result: unknown): string {
  if (typeof result === "boolean") return result ? "0x1" : "0x0";
  if (typeof result === "number" || typeof result === "bigint") return `0x${result.toString(16)}`;
  return `0x${paging.entryToBigInt(result as Entry).toString(16)}`;
}

/** What comparing a set of rows showed for one helper. */
export interface HelperTally {
  readonly helper: string;
  rows: number;
  agree: number;
  /** The first row that differs, with our answer. */
  firstDifference: string | undefined;
}

/**
 * Compares rows with this package.
 *
 * @returns one tally per helper, in the order in which helpers first occur. A helper that the package lacks differs in
 * every row.
 */
export function compareVectors(rows: Iterable<VectorRow>, layout: EntryLayout): HelperTally[] {
  const tallies = new Map<string, HelperTally>();
  for (const row of rows) {
    let tally = tallies.get(row.f);
    if (tally === undefined)
      tallies.set(row.f, (tally = { helper: row.f, rows: 0, agree: 0, firstDifference: undefined }));
    const ours = answer(row, layout);
    tally.rows++;
    if (ours === row.r) tally.agree++;
    else tally.firstDifference ??= `${JSON.stringify(row)}: ours is ${ours}`;
  }
  return [...tallies.values()];
}

/** Reads a file of rows. @throws {PagingError} `dump-malformed` that names the line that is no row. */
export function parseVectors(text: string): VectorRow[] {
  return text.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [parseRow(line, index + 1)]));
}

function parseRow(line: string, number: number): VectorRow {
  let row: Partial<VectorRow> | undefined;
  try {
    row = JSON.parse(line) as Partial<VectorRow>;
  } catch {
    row = undefined;
  }
  const isRow = typeof row?.f === "string" && typeof row.r === "string" && Array.isArray(row.a);
  if (!isRow)
    throw new PagingError(
      "dump-malformed",
      `line ${number}`,
      'a row is {"f": helper, "a": [...], "r": result}',
    );
  return row as VectorRow;
}
