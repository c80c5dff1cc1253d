/** What the scenarios of file collapse share. */

import type { KernelOps } from "../kernel.ts";
import type { AddressSpace } from "../state/address-space.ts";
import { HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { cacheFolio, populateFile, populateTable } from "../state/populate.ts";
import { VM_READ, VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World, type Hardware } from "../state/world.ts";

/** A file that is going to be collapsed. */
export interface FileCast extends World {
  readonly file: AddressSpace;
  readonly vma: Vma;
  /** The folio that the collapse has allocated. */
  readonly huge: Folio;
}

/** A file that is huge already, mapped in pieces. */
export interface PieceCast extends World {
  readonly file: AddressSpace;
  readonly vma: Vma;
}

/** A shared mapping with an empty table, of a file with nothing but holes in this world. */
export function fileWorld(kernel: KernelOps, geometry: Geometry): FileCast {
  const w = new World(kernel, geometry);
  const file = w.createFile("shmem");
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_READ | VM_SHARED);
  populateTable(w, vma);
  return Object.assign(w, { file, vma, huge: w.createFolio(HPAGE_PMD_NR, false) });
}

/** A shared mapping whose table maps two pages of the file's huge folio. */
export function pieceWorld(kernel: KernelOps, geometry: Geometry, hardware: Hardware = {}): PieceCast {
  const w = new World(kernel, geometry, hardware);
  const file = w.createFile("shmem");
  cacheFolio(w, file, 0, true);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_READ | VM_SHARED);
  populateFile(w, vma, USER_BASE, 2);
  return Object.assign(w, { file, vma });
}
