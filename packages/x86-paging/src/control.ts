/**
 * The processor state that translation depends on: control registers, key registers, what CPUID reports.
 *
 * Intel SDM volume 3, sections 2.5 (control registers) and 5.1.3 (paging-mode modifiers).
 */

import type { LevelCount } from "./level.ts";

/** State that translation reads. All 64-bit paging: CR0.PG, CR4.PAE and EFER.LME are taken as set. */
export interface PagingControls {
  /** 5 with CR4.LA57, else 4. */
  readonly levels: LevelCount;
  /** CR0.WP: supervisor writes honour RW. */
  readonly writeProtect: boolean;
  /** EFER.NXE: bit 63 forbids fetches; when clear, bit 63 is reserved. */
  readonly noExecute: boolean;
  /** CR4.SMEP: the supervisor may not fetch from user pages. */
  readonly smep: boolean;
  /** CR4.SMAP: the supervisor may not touch user pages unless `alignmentCheck`. */
  readonly smap: boolean;
  /** EFLAGS.AC (STAC, CLAC): lifts SMAP for explicit accesses. */
  readonly alignmentCheck: boolean;
  /** CR4.PGE: bit 8 of a leaf makes it global. */
  readonly globalPages: boolean;
  /** CR4.PCIDE. */
  readonly pcids: boolean;
  /** PKRU when CR4.PKE is set, else undefined: two bits per key, access-disable then write-disable. */
  readonly pkru: number | undefined;
  /** IA32_PKRS when CR4.PKS is set, else undefined: the same for supervisor pages. */
  readonly pkrs: number | undefined;
  /** MAXPHYADDR, 32..52: frame bits from here up to 51 are reserved. */
  readonly physicalBits: number;
  /** CPUID: a PDPTE may map 1 GiB; when false its bit 7 is reserved. */
  readonly gigabytePages: boolean;
}

/** A processor as Linux runs it: WP, NX, SMEP, SMAP, global pages and PCIDs on, keys off, 46 address bits. */
export const LINUX_CONTROLS: PagingControls = {
  levels: 4,
  writeProtect: true,
  noExecute: true,
  smep: true,
  smap: true,
  alignmentCheck: false,
  globalPages: true,
  pcids: true,
  pkru: undefined,
  pkrs: undefined,
  physicalBits: 46,
  gigabytePages: true,
};

/** What an instruction wants from memory. */
export type AccessKind = "read" | "write" | "fetch";

/** One access. */
export interface Access {
  readonly kind: AccessKind;
  /** CPL 3. */
  readonly user: boolean;
  /** Made by the processor itself (descriptor tables, TSS): supervisor whatever the CPL, and AC does not help. */
  readonly implicit?: boolean;
}
