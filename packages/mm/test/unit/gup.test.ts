/** GUP-fast, one thread: which pages it gives, and what it counts. */

import {
  folioPut,
  kernels,
  populateAnon,
  populateHugeAnon,
  populateTable,
  SMALL,
  USER_BASE,
  VM_READ_WRITE,
  wholePmd,
  World,
  type Folio,
  type KernelOps,
  type Vma,
} from "@mmrace/mm";
import { bits, FLAG, mkPte, PAGE_SIZE, pteWrprotect } from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import { alone } from "./alone.ts";

interface Cast extends World {
  readonly vma: Vma;
  readonly folio: Folio;
}

function mapped(kernel: KernelOps, isHuge = false): Cast {
  const w = new World(kernel, SMALL, { cpus: 1 });
  const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, null), VM_READ_WRITE);
  const folio = isHuge ? populateHugeAnon(w, vma) : populateAnon(w, vma, USER_BASE);
  return Object.assign(w, { vma, folio });
}

const PIN = { write: true, pin: true };

describe.each(kernels.map(({ id }) => id))("on %s", (kernel) => {
  test.each([false, true])("a page is pinned and given back; huge: %s", (isHuge) => {
    const { w, result } = alone(
      kernel,
      (ops) => mapped(ops, isHuge),
      function* (world) {
        const folio = yield* world.kernel.gupFast(world, world.vma.mm, USER_BASE, PIN);
        const counts = [folio!.refcount.value, folio!.pins.value, world.pins.all.length];
        yield* world.kernel.unpinUserPage(world, folio!);
        return counts;
      },
    );
    expect(result).toEqual([2, 1, 1]);
    expect([w.folio.refcount.value, w.folio.pins.value, w.pins.all.length]).toEqual([1, 0, 0]);
  });

  test("nothing is there, or the page of zeroes is", () => {
    const { result } = alone(
      kernel,
      (ops) => {
        const w = mapped(ops);
        populateTable(w, w.vma).ptes.values[1] = mkPte(w.zeroFolio.pfn, bits(FLAG.PRESENT, FLAG.USER));
        return w;
      },
      function* (w) {
        const flags = { write: false, pin: false };
        const zero = yield* w.kernel.gupFast(w, w.vma.mm, USER_BASE + PAGE_SIZE, flags);
        const none = yield* w.kernel.gupFast(w, w.vma.mm, USER_BASE + 2 * PAGE_SIZE, flags);
        return [zero, none];
      },
    );
    expect(result).toEqual([null, null]);
  });

  test("a page that may not be written is not pinned for writing, and a shared one not for reading", () => {
    const { w, result } = alone(
      kernel,
      (ops) => {
        const world = mapped(ops);
        const { values } = populateTable(world, world.vma).ptes;
        values[0] = pteWrprotect(values[0]!);
        world.folio.anonExclusive.value = false;
        return world;
      },
      function* (world) {
        const { mm } = world.vma;
        const written = yield* world.kernel.gupFast(world, mm, USER_BASE, PIN);
        const shared = yield* world.kernel.gupFast(world, mm, USER_BASE, { write: false, pin: true });
        const read = yield* world.kernel.gupFast(world, mm, USER_BASE, { write: false, pin: false });
        const references = world.folio.refcount.value;
        if (read !== null) yield* folioPut(read);
        return [written, shared, read === world.folio, references];
      },
    );
    expect(result).toEqual([null, null, true, 2]);
    expect([w.folio.refcount.value, w.folio.pins.value]).toEqual([1, 0]);
  });
});
