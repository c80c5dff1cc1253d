/**
 * What the model shows and nobody has seen a kernel do: docs/findings. Each situation on each release, and
 * what would mend it as a control.
 */

import { exhaustive, explore, searchStates, writeOnce, type Exploration } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import {
  linux_6_18,
  LOST_MARKER,
  USER_BASE,
  VM_READ_WRITE,
  wholePmd,
  World,
  type KernelOps,
} from "../../src/index.ts";
import { defineFamily } from "../../src/scenarios/family.ts";
import { collapse, fileWorld, type FileCast } from "../../src/scenarios/file-collapse.ts";
import { populateAnonVma, populateTable } from "../../src/state/populate.ts";
import { VM_SHARED, VM_UFFD_MISSING, VM_UFFD_WP, type Vma } from "../../src/state/vma.ts";

/** `collapse_file` with `retract_page_tables` | `UFFDIO_POISON`, on one shared VMA whose file has no holes. */
function poison(flags: number) {
  return defineFamily<FileCast>({
    name: "shared-poison-vs-retract",
    about: "UFFDIO_POISON in a shared mapping of a file against retract_page_tables",
    kernelDefault: "6.18",
    setup: (kernel, geometry) => fileWorld(kernel, geometry, VM_SHARED | flags, true),
    threads: {
      collapse,
      *uffd(w) {
        yield* w.kernel.userfaultfdFill(w, w.vma, USER_BASE, "POISON");
      },
    },
    reaches: () => [],
  });
}

interface Cast extends World {
  vma: Vma;
}

/** A load of a missing page | `UFFDIO_UNREGISTER` of its VMA. */
const faultVsUnregister = defineFamily<Cast>({
  name: "fault-vs-unregister",
  about: "a fault that waits for userfaultfd against UFFDIO_UNREGISTER",
  kernelDefault: "6.18",
  setup: (kernel, geometry) => {
    const w = new World(kernel, geometry);
    const mm = w.createMm();
    const vma = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE | VM_UFFD_MISSING);
    populateTable(w, vma);
    populateAnonVma(w, vma);
    return Object.assign(w, { vma });
  },
  threads: {
    *fault(w) {
      yield* w.kernel.doUserAddrFault(w, w.vma.mm, USER_BASE, false);
    },
    *owner(w) {
      yield* w.kernel.userfaultfdUnregister(w, w.vma);
    },
  },
  reaches: () => [],
});

function oraclesOf(found: Exploration): readonly string[] {
  expect(found.complete || found.preemptionsMax !== undefined).toBe(true);
  return [...new Set(found.violations.map(({ oracle }) => oracle))];
}

const all = { stopAtFirst: false } as const;

describe("a poison marker in a table that is retracted", () => {
  test.each(["6.6", "6.12", "6.14", "6.18"])("is lost, and nothing need be preempted: %s", (release) => {
    const found = explore(poison(VM_UFFD_MISSING).on(release), exhaustive({ preemptionsMax: 0 }), all);
    expect(oraclesOf(found)).toEqual([LOST_MARKER]);
  });

  test("is not there on 6.1, which has no UFFDIO_POISON", () => {
    expect(oraclesOf(searchStates(poison(VM_UFFD_MISSING).on("6.1"), all))).toEqual([]);
  });

  test("stays where the VMA is registered for write protection too", () => {
    expect(oraclesOf(searchStates(poison(VM_UFFD_MISSING | VM_UFFD_WP).on("6.18"), all))).toEqual([]);
  });
});

describe("a fault that queues after UFFDIO_UNREGISTER has woken whoever waited", () => {
  test.each(["6.6", "6.12", "6.14", "6.18"])("waits for ever: %s", (release) => {
    const found = searchStates(faultVsUnregister.on(release), { preemptionsMax: 1, stopAtFirst: false });
    expect(oraclesOf(found)).toEqual(["deadlock"]);
    expect(found.violations[0]?.message).toMatch(/fault/);
  });

  test("does not on 6.1, where such faults hold mmap_lock", () => {
    expect(oraclesOf(searchStates(faultVsUnregister.on("6.1"), all))).toEqual([]);
  });

  test("does not where the VMA is locked for writing before anybody is woken", () => {
    const ops: KernelOps = {
      ...linux_6_18,
      *userfaultfdUnregister(w, vma) {
        yield* w.kernel.mmapWriteLock(w, vma.mm);
        yield* w.kernel.vmaStartWrite(w, vma);
        yield* w.kernel.wakeUserfault(w, vma.mm.userfaultfd);
        yield* writeOnce(vma.uffdCtx, null);
        yield* writeOnce(vma.flags, VM_READ_WRITE);
        yield* w.kernel.mmapWriteUnlock(w, vma.mm);
        return 0;
      },
    };
    const found = searchStates(faultVsUnregister.on({ id: "mine", ops, about: "the lock first" }), all);
    expect(oraclesOf(found)).toEqual([]);
  });
});
