/** The world of scenarios about one mapping of one file. */

import { sometimes, type Property } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import type { AddressSpace } from "../state/address-space.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { cacheFolio, populateFile, populateTable } from "../state/populate.ts";
import { VM_READ, VM_SHARED, wholePmd, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";

/** One shared mapping of 2 MiB. */
export interface MappedFile extends World {
  file: AddressSpace;
  vma: Vma;
}

/** A file with some small pages in its cache, of which the first ones are mapped. The table is there in any case. */
export function mappedFile(
  kernel: KernelOps,
  geometry: Geometry,
  cached: number,
  mapped: number,
): MappedFile {
  const w = new World(kernel, geometry);
  const file = w.createFile("shmem");
  for (let index = 0; index < cached; index++) cacheFolio(w, file, index);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_READ | VM_SHARED);
  populateTable(w, vma);
  populateFile(w, vma, USER_BASE, mapped);
  return Object.assign(w, { file, vma });
}

/** That something in the list of what happened has been reached, in words of its own. */
export function happens(name: string, what: string): Property<World> {
  return sometimes(name, (w: World) => w.reached.has(what));
}
