/** Mapping, unmapping, exit, truncation and guards, alone: what is left is right. The oracles recount. */

import { USER_BASE, VM_SHARED, wholePmd, type Errno, type Vma, type World } from "@mmrace/mm";
import { isGuardMarker, PAGE_SIZE, PMD_SIZE, pteNone } from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import { cacheFolio, populateAnon, populateFile, populateHugeAnon } from "../../src/state/populate.ts";
import { alone, RELEASES } from "../support/alone.ts";

const END = USER_BASE + PMD_SIZE;
const ZERO = { nr_ptes: 0, rss_anon: 0, rss_file: 0, rss_swapents: 0 };

/** A private mapping of a file, with a page of the file and a copy; behind it anonymous memory. */
function twoVmas(w: World): { vmas: Vma[] } {
  const mm = w.createMm();
  const file = w.createFile("shmem");
  for (const index of [0, 1, 2]) cacheFolio(w, file, index);
  const first = w.createVma(mm, wholePmd(USER_BASE, file), 3);
  const second = w.createVma(mm, wholePmd(END, null), 3);
  populateFile(w, first, USER_BASE);
  populateAnon(w, first, USER_BASE + PAGE_SIZE);
  return { vmas: [first, second] };
}

describe.each(RELEASES)("on %s", (release) => {
  test("munmap takes pages, tables, rmap and the VMA itself, and leaves the neighbour", () => {
    const w = alone(
      release,
      (world) => {
        const cast = twoVmas(world);
        populateAnon(world, cast.vmas[1]!, END);
        return cast;
      },
      (cast) => cast.kernel.doMunmap(cast, cast.mms[0]!, USER_BASE, END),
    );
    const [first, second] = w.vmas;
    expect(w.mms[0]!.vmas.value).toEqual([second]);
    expect(w.mms[0]!.counters.values).toEqual({ ...ZERO, nr_ptes: 1, rss_anon: 1 });
    expect([first!.lifetime.ended, second!.lifetime.ended]).toEqual([true, false]);
    expect(first!.file!.vmas.value).toEqual([]);
    expect(w.folios.map(({ isFreed }) => isFreed)).toEqual([false, false, false, true, false]);
  });

  test("the last user's exit takes everything, a huge page and its deposit too", () => {
    const w = alone(
      release,
      (world) => {
        const cast = twoVmas(world);
        populateHugeAnon(world, cast.vmas[1]!);
        world.mms[0]!.users.value = 2;
        return cast;
      },
      function* (cast) {
        const [mm] = cast.mms;
        yield* cast.kernel.mmput(cast, mm!);
        expect(cast.exited.size).toBe(0);
        yield* cast.kernel.mmput(cast, mm!);
      },
    );
    expect(w.mms[0]!.counters.values).toEqual(ZERO);
    expect(w.mms[0]!.vmas.value).toEqual([]);
    expect([...w.tables.values()].every(({ lifetime }) => lifetime.ended)).toBe(true);
    expect(w.folios.map(({ isFreed }) => isFreed)).toEqual([false, false, false, true, true]);
  });

  test("mmap makes a VMA that is found by its address, by its file and by faults", () => {
    const w = alone(
      release,
      (world) => ({ mm: world.createMm(), file: world.createFile("shmem"), found: [] as boolean[] }),
      function* (cast) {
        const { mm, file, kernel } = cast;
        const vma = yield* kernel.doMmap(cast, mm, wholePmd(USER_BASE, file), VM_SHARED);
        cast.found.push((yield* kernel.findVma(cast, mm, USER_BASE)) === vma);
        const locked = yield* kernel.lockVmaUnderRcu(cast, mm, USER_BASE);
        if (locked !== null) yield* kernel.vmaEndRead(cast, locked);
        cast.found.push(locked === (release === "6.1" ? null : vma));
        yield* kernel.doMunmap(cast, mm, USER_BASE, END);
        cast.found.push((yield* kernel.lockVmaUnderRcu(cast, mm, USER_BASE)) === null);
      },
    );
    expect(w.found.slice(-3)).toEqual([true, true, true]);
    expect(w.file.vmas.value).toEqual([]);
  });

  test("truncation takes the pages behind the size, and private copies of them", () => {
    const w = alone(release, twoVmas, (cast) => cast.kernel.truncate(cast, cast.files[0]!, 1));
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 0, rss_file: 1 });
    expect(w.folios.map(({ isFreed }) => isFreed)).toEqual([false, true, true, true]);
    expect(w.files[0]!.size.value).toBe(1);
  });

  test("a hole takes pages of the file, and leaves private copies", () => {
    const w = alone(release, twoVmas, (cast) => cast.kernel.punchHole(cast, cast.files[0]!, 0, 2));
    expect(w.mms[0]!.counters.values).toMatchObject({ rss_anon: 1, rss_file: 0 });
    expect(w.folios.map(({ isFreed }) => isFreed)).toEqual([true, true, false, false]);
  });

  test("guards take the place of pages where the release has them, and go again", () => {
    const seen: string[] = [];
    const look = ({ tables }: World): string =>
      [...tables.values()][0]!.ptes.values
        .map((pte) => (isGuardMarker(pte) ? "g" : pteNone(pte) ? "-" : "p"))
        .join("");
    alone(
      release,
      (world) => {
        const cast = twoVmas(world);
        populateAnon(world, cast.vmas[1]!, END);
        return cast;
      },
      function* (cast) {
        const mm = cast.mms[0]!;
        seen.push(
          String(yield* cast.kernel.madviseGuardInstall(cast, mm, USER_BASE, USER_BASE + 3 * PAGE_SIZE)),
        );
        seen.push(look(cast));
        yield* cast.kernel.madviseGuardRemove(cast, mm, USER_BASE + PAGE_SIZE, USER_BASE + 2 * PAGE_SIZE);
        seen.push(look(cast));
      },
    );
    expect(seen.slice(-3)).toEqual(release === "6.18" ? ["0", "ggg-", "g-g-"] : ["EINVAL", "pp--", "pp--"]);
  });
});

test("guards of anonymous memory are older than those of files", () => {
  const answers = ["6.12", "6.14", "6.18"].map((release) => {
    let answer: Errno | 0 | undefined;
    alone(release, twoVmas, function* (cast) {
      answer = yield* cast.kernel.madviseGuardInstall(cast, cast.mms[0]!, END, END + PAGE_SIZE);
    });
    return answer;
  });
  expect(answers).toEqual(["EINVAL", 0, 0]);
});

describe("what the model has not is refused", () => {
  test("a part of a VMA", () => {
    expect(() => {
      alone("6.18", twoVmas, (cast) =>
        cast.kernel.doMunmap(cast, cast.mms[0]!, USER_BASE, USER_BASE + PAGE_SIZE),
      );
    }).toThrow(/whole VMAs/);
  });

  test("a place that is taken", () => {
    expect(() => {
      alone("6.18", twoVmas, function* (cast) {
        yield* cast.kernel.doMmap(cast, cast.mms[0]!, wholePmd(USER_BASE, null), 3);
      });
    }).toThrow(/free place/);
  });
});

test.each([
  ["shmem", true, true],
  ["shmem", false, true], // shmem_undo_range() makes it dirty.
  ["text", false, false],
])("of a huge folio of %s, dirty: %s, a part is truncated: zeroes come, the folio stays", (file, was, is) => {
  const w = alone(
    "6.18",
    (world) => {
      const folio = cacheFolio(world, world.createFile(file, file === "shmem"), 0, true);
      folio.dirty.value = was;
      for (const page of folio.data) page.value = 7;
      return { folio };
    },
    (cast) => cast.kernel.truncate(cast, cast.files[0]!, 1),
  );
  expect(w.folio.data.map(({ value }) => value)).toEqual([7, 0, 0, 0]);
  expect([w.folio.refcount.value, w.folio.dirty.value]).toEqual([512, is]);
});
