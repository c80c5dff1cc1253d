/** What the scenarios of file collapse share. */

import type { Steps } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import { HPAGE_PMD_NR, type Folio } from "../state/folio.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { cacheFolio, populateFile, populateTable } from "../state/populate.ts";
import { VM_READ, VM_SHARED, wholePmd } from "../state/vma.ts";
import { World, type Hardware } from "../state/world.ts";
import type { MappedFile } from "./mapped-file.ts";

/** A mapped file that is going to be collapsed. */
export interface FileCast extends MappedFile {
  /** The folio that the collapse has allocated. */
  huge: Folio;
}

/** A mapping with an empty table, of a file with nothing but holes in this world, or with none of them. */
export function fileWorld(
  kernel: KernelOps,
  geometry: Geometry,
  flags: number = VM_READ | VM_SHARED,
  isCached = false,
): FileCast {
  const w = new World(kernel, geometry);
  const file = w.createFile("shmem");
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), flags);
  populateTable(w, vma);
  if (isCached) for (let page = 0; page < geometry.ptesPerTable; page++) cacheFolio(w, file, page);
  return Object.assign(w, { file, vma, huge: w.createFolio(HPAGE_PMD_NR, false) });
}

/** A shared mapping whose table maps two pages of the file's huge folio. */
export function pieceWorld(kernel: KernelOps, geometry: Geometry, hardware: Hardware = {}): MappedFile {
  const w = new World(kernel, geometry, hardware);
  const file = w.createFile("shmem");
  cacheFolio(w, file, 0, true);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_READ | VM_SHARED);
  populateFile(w, vma, USER_BASE, 2);
  return Object.assign(w, { file, vma });
}

/** The thread that collapses the file: `collapse_file` with `retract_page_tables`. */
export function* collapse(w: Pick<FileCast, "file" | "huge"> & World): Steps<void> {
  yield* w.kernel.collapseFile(w, w.file, w.huge);
}
