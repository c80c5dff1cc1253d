/** What the scenarios of anonymous collapse share: a VMA with one written page in it. */

import type { Steps } from "@mmrace/scheduler";
import type { KernelOps } from "../kernel.ts";
import type { Folio } from "../state/folio.ts";
import { USER_BASE, type Geometry } from "../state/geometry.ts";
import { populateAnon } from "../state/populate.ts";
import { VM_READ_WRITE, wholePmd, type Vma } from "../state/vma.ts";
import { World, type Hardware } from "../state/world.ts";

/** The world of the family. */
export interface AnonCast extends World {
  readonly vma: Vma;
  /** The page at `USER_BASE`. */
  readonly small: Folio;
}

/** One anonymous VMA of 2 MiB, whose first page was written. */
export function anonWorld(kernel: KernelOps, geometry: Geometry, hardware: Hardware = {}): AnonCast {
  const w = new World(kernel, geometry, hardware);
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE);
  return Object.assign(w, { vma, small: populateAnon(w, vma, USER_BASE, 1) });
}

/** MADV_COLLAPSE of the VMA. */
export function* madviseCollapseAll(w: World, { mm, start, end }: Vma): Steps<void> {
  yield* w.kernel.mmapReadLock(w, mm);
  yield* w.kernel.madviseCollapse(w, mm, start, end);
  yield* w.kernel.mmapReadUnlock(w, mm);
}
