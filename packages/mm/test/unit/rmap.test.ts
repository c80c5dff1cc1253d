/** From folios to entries, alone: who is found, what is unmapped, and what is flushed when. */

import { HPAGE_PMD_NR, USER_BASE, VM_SHARED, wholePmd, type UnmapFlags, type World } from "@mmrace/mm";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import {
  cacheFolio,
  populateAnon,
  populateFile,
  populateHugeFile,
  populateTlb,
} from "../../src/state/populate.ts";
import { VM_LOCKED, type Vma } from "../../src/state/vma.ts";
import { alone, RELEASES } from "../support/alone.ts";

/** Two mms map the second page of a file; the first mm also the first page. */
function twoMms(w: World): { vmas: Vma[] } {
  const file = w.createFile("shmem");
  cacheFolio(w, file, 0);
  cacheFolio(w, file, 1);
  const vmas = [0, 1].map(() => w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_SHARED));
  populateFile(w, vmas[0]!, USER_BASE, 2);
  populateFile(w, vmas[1]!, USER_BASE + PAGE_SIZE);
  w.runOn(0, vmas[0]!.mm);
  return { vmas };
}

describe.each(RELEASES)("try_to_unmap on %s", (release) => {
  test.each<UnmapFlags>([{}, { sync: true }, { batchFlush: true }])(
    "with %j unmaps one page everywhere",
    (flags) => {
      const answers: boolean[] = [];
      const w = alone(release, twoMms, function* (cast) {
        answers.push(yield* cast.kernel.tryToUnmap(cast, cast.folios[1]!, flags));
        yield* cast.kernel.tryToUnmapFlush(cast);
      });
      expect(answers.at(-1)).toBe(true);
      expect(w.mms.map((mm) => mm.counters.values.rss_file)).toEqual([1, 0]);
      expect(w.folios.map(({ mapcount }) => mapcount.value)).toEqual([1, 0]);
    },
  );

  test("leaves pages of locked VMAs alone", () => {
    const answers: boolean[] = [];
    alone(
      release,
      (world) => {
        const cast = twoMms(world);
        cast.vmas[1]!.flags.value |= VM_LOCKED;
        return cast;
      },
      function* (cast) {
        answers.push(yield* cast.kernel.tryToUnmap(cast, cast.folios[1]!, {}));
        answers.push(yield* cast.kernel.tryToUnmap(cast, cast.folios[1]!, { ignoreMlock: true }));
      },
    );
    expect(answers.slice(-2)).toEqual([false, true]);
  });

  test("takes a huge mapping away only when it may split it", () => {
    const answers: boolean[] = [];
    const w = alone(
      release,
      (world) => {
        const file = world.createFile("shmem");
        cacheFolio(world, file, 0, true);
        const vma = world.createVma(world.createMm(), wholePmd(USER_BASE, file), VM_SHARED);
        populateHugeFile(vma);
        return {};
      },
      function* (cast) {
        answers.push(yield* cast.kernel.tryToUnmap(cast, cast.folios[0]!, {}));
        answers.push(yield* cast.kernel.tryToUnmap(cast, cast.folios[0]!, { splitHugePmd: true }));
      },
    );
    expect(answers.slice(-2)).toEqual([false, true]);
    expect(w.folios[0]?.refcount.value).toBe(HPAGE_PMD_NR);
  });
});

test("a walk finds all pages of a huge folio that small entries map", () => {
  const w = alone(
    "6.18",
    (world) => {
      const file = world.createFile("shmem");
      cacheFolio(world, file, 0, true);
      const vma = world.createVma(world.createMm(), wholePmd(USER_BASE, file), VM_SHARED);
      populateFile(world, vma, USER_BASE);
      populateFile(world, vma, USER_BASE + 2 * PAGE_SIZE, 2);
      return { vma, young: 0 };
    },
    function* (cast) {
      cast.young = yield* cast.kernel.folioReferenced(cast, cast.folios[0]!);
      cast.young = cast.young * 10 + (yield* cast.kernel.folioReferenced(cast, cast.folios[0]!));
    },
  );
  expect(w.young).toBe(30); // Three the first time, none the second.
});

test("a flush that reclaim has put off is made by the next zap, before the page can be taken for gone", () => {
  const w = alone(
    "6.18",
    (world) => {
      const cast = twoMms(world);
      world.runOn(1, cast.vmas[0]!.mm); // A flush is put off only where another CPU uses the mm.
      populateTlb(world, 0, cast.vmas[0]!, USER_BASE + PAGE_SIZE);
      return { ...cast, cached: [] as number[] };
    },
    function* (cast) {
      const { mm } = cast.vmas[0]!;
      const { caches } = mm.tlbs.cpus[0]!;
      const count = (): number => caches.matching(Math.floor((USER_BASE + PAGE_SIZE) / PAGE_SIZE), 0).length;
      yield* cast.kernel.tryToUnmap(cast, cast.folios[1]!, { batchFlush: true });
      cast.cached.push(count());
      yield* cast.kernel.flushTlbBatchedPending(cast, mm);
      cast.cached.push(count(), mm.tlbFlushBatched.value);
      yield* cast.kernel.tryToUnmapFlush(cast);
    },
  );
  expect(w.cached).toEqual([1, 0, 0x1_0001]);
});

test("anonymous folios are refused, as there is no swap", () => {
  expect(() => {
    alone(
      "6.18",
      (world) => {
        const vma = world.createVma(world.createMm(), wholePmd(USER_BASE, null), 3);
        return { folio: populateAnon(world, vma, USER_BASE) };
      },
      function* (cast) {
        yield* cast.kernel.tryToUnmap(cast, cast.folio, {});
      },
    );
  }).toThrow(/no swap/);
});
