/** One thread, one fault: what is mapped afterwards, and whether all counts are right. */

import {
  allOracles,
  cacheFolio,
  COW_BREACH,
  folioPut,
  freeTable,
  kernelById,
  kernels,
  LOST_STORE,
  populateAnon,
  populateFile,
  populateTable,
  speculativeFill,
  STALE_TRANSLATION,
  USER_BASE,
  userLoad,
  userStore,
  VM_READ,
  VM_SHARED,
  VM_UFFD_WP,
  VM_WRITE,
  wholePmd,
  World,
  type Vma,
} from "@mmrace/mm";
import { rcuCallbacks } from "@mmrace/locks";
import { defineScenario, exhaustive, explore, type Steps } from "@mmrace/scheduler";
import {
  mkGuardMarker,
  mkPoisonMarker,
  mkUffdWpMarker,
  NONE_ENTRY,
  PAGE_SIZE,
  pteMkwriteNovma,
  pteUffdWp,
  pteWrprotect,
  type Entry,
} from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";

const RW = VM_READ | VM_WRITE;
const NO_HUGE = 0x4000_0000; // VM_NOHUGEPAGE
const RELEASES = kernels.map(({ id }) => id);

interface Setting {
  readonly kernel?: string;
  readonly flags?: number;
  readonly file?: "shmem" | "text" | null;
  readonly prepare?: (w: World, vma: Vma) => void;
}

/** Runs one thread in a new world; the only schedule there is, but for the freeing of tables. */
function run(
  setting: Setting,
  body: (w: World, vma: Vma) => Steps<void>,
): { w: World; violations: readonly string[] } {
  const { kernel = "6.18", flags = RW, file = null, prepare } = setting;
  let last: { w: World; vma: Vma } | undefined;
  const exploration = explore(
    defineScenario<World>({
      name: "one fault",
      setup: () => {
        const w = new World(kernelById(kernel).ops);
        const mm = w.createMm();
        w.runOn(0, mm);
        const mapped = file === null ? null : w.createFile(file, file === "shmem");
        const vma = w.createVma(mm, wholePmd(USER_BASE, mapped), flags);
        prepare?.(w, vma);
        last = { w, vma };
        return w;
      },
      threads: { user: (w) => body(w, w.mms[0]!.vmas.value[0]!) },
      daemons: { rcu: (w) => rcuCallbacks(w.rcu) },
      properties: allOracles,
    }),
    exhaustive(),
    { stopAtFirst: false },
  );
  return { w: last!.w, violations: exploration.violations.map(({ oracle }) => oracle) };
}

/** The values of a load, or the signal that it ends with. */
function seen(setting: Setting, address = USER_BASE, store?: number): { results: unknown[]; w: World } {
  const results: unknown[] = [];
  const { w, violations } = run(setting, function* (world, vma) {
    results.length = 0;
    if (store !== undefined) results.push(yield* userStore(world, vma, address, store));
    results.push(yield* userLoad(world, vma, address));
  });
  expect(violations).toEqual([]);
  return { results, w };
}

describe.each(RELEASES)("on %s", (kernel) => {
  test("a load of untouched anonymous memory maps the page of zeroes, which nobody counts", () => {
    const { results, w } = seen({ kernel, prepare: (world, vma) => void populateTable(world, vma) });
    expect(results).toEqual([0]);
    expect(w.mms[0]!.counters.values.rss_anon).toBe(0);
    expect(w.reached).toContain("a load mapped the zero page");
  });

  test("a store to it maps a page, with its table", () => {
    const { results, w } = seen({ kernel, flags: RW | NO_HUGE }, USER_BASE, 7);
    expect(results).toEqual(["stored", 7]);
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 1, nr_ptes: 1 });
    expect(w.mms[0]!.vmas.value[0]!.anonVma.value).not.toBeNull();
  });

  test("where a huge page fits, it is huge, and a table is parked for its split", () => {
    const { w } = seen({ kernel }, USER_BASE + PAGE_SIZE, 7);
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 512, nr_ptes: 1 });
    expect(w.mms[0]!.pmdTables[0]!.deposits.value).toHaveLength(1);
  });

  test("a load of a file maps what the cache has near it, and takes a reference for each page", () => {
    const { w } = seen({ kernel, file: "shmem", prepare: cacheTwo });
    expect(w.mms[0]!.counters.values.rss_file).toBe(2);
    expect(w.folios.map(({ refcount }) => refcount.value)).toEqual([2, 2]);
    expect(w.folios.map(({ lock }) => lock.owner)).toEqual([undefined, undefined]);
  });

  test("a load of a hole fills it", () => {
    const { w } = seen({ kernel, file: "shmem" });
    expect(w.files[0]!.iPages.value[0]).toBe(w.folios[0]);
    expect(w.folios[0]!.refcount.value).toBe(2);
  });

  test("a store to a private file page copies it, and the file's page keeps its references", () => {
    const { results, w } = seen({ kernel, file: "text", prepare: cacheTwo }, USER_BASE, 9);
    expect(results).toEqual(["stored", 9]);
    expect(w.folios.map(({ isAnon, refcount, data }) => [isAnon, refcount.value, data[0]!.value])).toEqual([
      [false, 1, 0],
      [false, 1, 0],
      [true, 1, 9],
    ]);
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 1, rss_file: 0 });
  });

  test("a store to a page that a load has mapped moves it from file to anonymous", () => {
    const setting = { kernel, file: "text", prepare: cacheTwo } as const;
    const { w, violations } = run(setting, function* (world, vma) {
      yield* userLoad(world, vma, USER_BASE);
      yield* userStore(world, vma, USER_BASE, 9);
    });
    expect(violations).toEqual([]);
    expect(w.reached).toContain("wp_page_copy mapped a copy");
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 1, rss_file: 1 }); // Its neighbour stays.
    expect(w.folios.map(({ refcount }) => refcount.value)).toEqual([1, 2, 1]);
  });

  test("a store to a shared page of a file system tells it first", () => {
    const { w } = seen({ kernel, file: "text", flags: RW | VM_SHARED, prepare: cacheTwo }, USER_BASE, 9);
    expect(w.folios[0]!.dirty.value).toBe(true);
    expect(w.folios[0]!.data[0]!.value).toBe(9);
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 0, rss_file: 1 });
  });

  test("... and so does one after a load", () => {
    const setting = { kernel, file: "text", flags: RW | VM_SHARED, prepare: cacheTwo } as const;
    const { w, violations } = run(setting, function* (world, vma) {
      yield* userLoad(world, vma, USER_BASE);
      yield* userStore(world, vma, USER_BASE, 9);
    });
    expect(violations).toEqual([]);
    expect(w.reached).toContain("do_wp_page reused the page");
    expect(w.folios[0]!.dirty.value).toBe(true);
    expect(w.folios[0]!.refcount.value).toBe(2);
  });

  test("a write-protected page that is exclusive is reused, one that somebody else holds is copied", () => {
    const reused = seen({ kernel, prepare: protectedPage(true) }, USER_BASE, 9);
    expect(reused.w.folios.map(({ refcount }) => refcount.value)).toEqual([1]);
    const copied = seen({ kernel, prepare: protectedPage(false) }, USER_BASE, 9);
    expect(copied.w.folios.map(({ refcount }) => refcount.value)).toEqual([1, 1]);
  });

  test("a huge page of the file is mapped whole; a store to a private mapping of it splits", () => {
    const setting = {
      kernel,
      file: "shmem",
      prepare: (w: World) => void cacheFolio(w, w.files[0]!, 0, true),
    } as const;
    expect(seen(setting).w.mms[0]!.counters.values).toMatchObject({ rss_file: 512, nr_ptes: 0 });
    const { w, violations } = run(setting, function* (world, vma) {
      yield* userLoad(world, vma, USER_BASE);
      yield* userStore(world, vma, USER_BASE, 9);
    });
    expect(violations).toEqual([]);
    expect(w.reached).toContain("a huge page was split");
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 1, rss_file: 0, nr_ptes: 1 });
    expect(w.folios.map(({ refcount }) => refcount.value)).toEqual([512, 1]);
  });

  test("what the VMA or a marker forbids ends with a signal", () => {
    expect(seen({ kernel, flags: VM_READ, prepare: withMarker(null) }, USER_BASE, 1).results[0]).toBe(
      "SIGSEGV",
    );
    expect(seen({ kernel, prepare: withMarker(mkPoisonMarker()) }).results).toEqual(["SIGBUS"]);
    expect(seen({ kernel, prepare: withMarker(mkGuardMarker()) }).results).toEqual(["SIGSEGV"]);
    expect(seen({ kernel, flags: RW | VM_SHARED | NO_HUGE }).results).toEqual(["SIGBUS"]);
    expect(
      seen({ kernel, file: "shmem", prepare: ({ files }) => void (files[0]!.size.value = 0) }).results,
    ).toEqual(["SIGBUS"]);
  });

  test("a marker of write protection is cleared where nobody waits for stores, and else is passed on", () => {
    const cleared = seen({ kernel, file: "shmem", prepare: withMarker(mkUffdWpMarker()) });
    expect(cleared.w.reached).toContain("a fault cleared a marker");
    const kept = seen({
      kernel,
      file: "shmem",
      flags: RW | VM_UFFD_WP,
      prepare: withMarker(mkUffdWpMarker()),
    });
    const [table] = kept.w.tables.values();
    expect(pteUffdWp(table!.ptes.values[0]!)).toBe(true);
  });
});

function cacheTwo(w: World): void {
  cacheFolio(w, w.files[0]!, 0);
  cacheFolio(w, w.files[0]!, 2);
}

function protectedPage(isExclusive: boolean): (w: World, vma: Vma) => void {
  return (w, vma) => {
    const folio = populateAnon(w, vma, USER_BASE, 5);
    folio.anonExclusive.value = isExclusive;
    if (!isExclusive) {
      folio.refcount.value++;
      folio.pins.value++; // To the end.
    }
    const { values } = populateTable(w, vma).ptes;
    values[0] = pteWrprotect(values[0]!);
  };
}

function withMarker(marker: Entry | null): (w: World, vma: Vma) => void {
  return (w, vma) => {
    if (marker !== null) populateTable(w, vma).ptes.values[0] = marker;
  };
}

test("a store that meets a pending gather in a VMA under write protection flushes first", () => {
  const prepare = (w: World, vma: Vma): void => {
    protectedPage(true)(w, vma);
    vma.mm.tlbFlushPending.value = 1;
  };
  const { w } = seen({ flags: RW | VM_UFFD_WP, prepare }, USER_BASE, 9);
  expect(w.reached).toContain("do_wp_page flushed for a pending gather");
});

describe("every oracle of this area can see", () => {
  test("a private mapping that may write a page of the cache", () => {
    const prepare = (w: World, vma: Vma): void => {
      cacheTwo(w);
      populateFile(w, vma, USER_BASE);
      const { values } = populateTable(w, vma).ptes;
      values[0] = pteMkwriteNovma(values[0]!);
    };
    expect(run({ file: "shmem", prepare }, function* () {}).violations).toEqual([COW_BREACH]);
  });

  test("a translation of a page that is freed", () => {
    const { violations } = run(
      { prepare: (w, vma) => void populateAnon(w, vma, USER_BASE, 5) },
      function* (w, vma) {
        yield* userLoad(w, vma, USER_BASE);
        yield* folioPut(w.folios[0]!);
      },
    );
    expect(violations).toEqual([STALE_TRANSLATION]);
  });

  test("a cached pointer to a table that is freed", () => {
    const { violations } = run({ prepare: (w, vma) => void populateTable(w, vma) }, function* (w, vma) {
      yield* speculativeFill(w, 0, vma, USER_BASE);
      w.mms[0]!.pmds[0]!.value = NONE_ENTRY; // Without the flush that belongs to it.
      yield* freeTable([...w.tables.values()][0]!);
    });
    expect(violations).toContain(STALE_TRANSLATION);
  });

  test("a load that does not see the last store", () => {
    const { violations } = run(
      { prepare: (w, vma) => void populateAnon(w, vma, USER_BASE, 5) },
      function* (w, vma) {
        w.reference.fill(vma, USER_BASE, 6);
        yield* userLoad(w, vma, USER_BASE);
      },
    );
    expect(violations).toEqual([LOST_STORE]);
  });
});
