/** userfaultfd, one call at a time: results, entries, counts. */

import {
  cacheFolio,
  populateAnon,
  populateAnonVma,
  populateHugeAnon,
  populateTable,
  USER_BASE,
  VM_READ_WRITE,
  VM_SHARED,
  VM_UFFD_MINOR,
  VM_UFFD_MISSING,
  VM_UFFD_WP,
  wholePmd,
  type FillMode,
  type Vma,
  type World,
} from "@mmrace/mm";
import {
  isPoisonMarker,
  isUffdWpMarker,
  PAGE_SIZE,
  pfnOf,
  PMD_SIZE,
  pmdLeaf,
  pmdNone,
  pteNone,
  ptePresent,
  pteSpecial,
  pteUffdWp,
  pteWrite,
  type Entry,
} from "@mmrace/x86-paging";
import { describe, expect, test } from "vitest";
import { alone } from "./alone-in.ts";

const OTHER = USER_BASE + PMD_SIZE;

interface OneVma {
  vma: Vma;
}

function withVma(isFile: boolean, flags: number): (w: World) => World & OneVma {
  return (w) => {
    const file = isFile ? w.createFile("shmem") : null;
    const vma = w.createVma(w.createMm(), wholePmd(USER_BASE, file), VM_READ_WRITE | flags);
    return Object.assign(w, { vma });
  };
}

function pteAt(w: World, vma: Vma, address: number): Entry {
  const slot = vma.mm.slotOf(address);
  return w.tableNamedBy(slot.value, slot).ptes.values[Math.floor(address / PAGE_SIZE) % 512]!;
}

function fill(
  kernel: string,
  isFile: boolean,
  flags: number,
  mode: FillMode,
  before = (_w: World & OneVma) => {},
) {
  return alone(
    kernel,
    (w) => {
      const built = withVma(isFile, flags)(w);
      before(built);
      return built;
    },
    (w) => w.kernel.userfaultfdFill(w, w.vma, USER_BASE, mode),
  );
}

describe.each(["6.1", "6.6", "6.12", "6.18"])("fills on %s", (kernel) => {
  test("COPY of anonymous memory: a writable page of its own", () => {
    const { w, result } = fill(kernel, false, VM_UFFD_MISSING, "COPY");
    expect(result).toBe(0);
    expect(pteWrite(pteAt(w, w.vma, USER_BASE))).toBe(true);
    expect(w.vma.mm.counters.values).toMatchObject({ rss_anon: 1, nr_ptes: 1 });
    expect(w.vma.anonVma.value).not.toBeNull();
  });

  test("COPY into a shared mapping goes through the page cache", () => {
    const { w, result } = fill(kernel, true, VM_SHARED | VM_UFFD_MISSING, "COPY");
    expect(result).toBe(0);
    const folio = w.files[0]!.iPages.value[0]!;
    expect(pfnOf(pteAt(w, w.vma, USER_BASE))).toBe(folio.pfn);
    expect(folio.refcount.value).toBe(2); // The cache's and the entry's.
    expect(w.vma.mm.counters.values.rss_file).toBe(1);
  });

  test("COPY into a shared mapping of a page that is cached is refused, and leaves nothing", () => {
    const cached = (w: World & OneVma): void => void cacheFolio(w, w.files[0]!, 0);
    const { w, result } = fill(kernel, true, VM_SHARED | VM_UFFD_MISSING, "COPY", cached);
    expect(result).toBe("EEXIST");
    expect(w.folios.at(-1)!.isFreed).toBe(true);
  });

  test("ZEROPAGE of private memory maps the page of zeroes, which is not counted", () => {
    const { w, result } = fill(kernel, false, VM_UFFD_MISSING, "ZEROPAGE");
    expect(result).toBe(0);
    expect(pteSpecial(pteAt(w, w.vma, USER_BASE))).toBe(true);
    expect(w.vma.mm.counters.values.rss_anon).toBe(0);
  });

  test("CONTINUE maps what is cached, and fails where nothing is", () => {
    const cached = (w: World & OneVma): void => void cacheFolio(w, w.files[0]!, 0);
    const flags = VM_SHARED | VM_UFFD_MINOR;
    const { w, result } = fill(kernel, true, flags, "CONTINUE", cached);
    expect(result).toBe(0);
    expect(pfnOf(pteAt(w, w.vma, USER_BASE))).toBe(w.files[0]!.iPages.value[0]!.pfn);
    expect(fill(kernel, true, flags, "CONTINUE").result).toBe("EFAULT");
  });

  test("POISON leaves a marker, from 6.6 on", () => {
    const { w, result } = fill(kernel, false, VM_UFFD_MISSING, "POISON");
    expect(result).toBe(kernel === "6.1" ? "EINVAL" : 0);
    expect(isPoisonMarker(pteAt(w, w.vma, USER_BASE))).toBe(kernel !== "6.1");
  });

  test("a VMA that is not registered, and a page that is there", () => {
    expect(fill(kernel, false, 0, "COPY").result).toBe("ENOENT");
    const there = (w: World & OneVma): void => void populateAnon(w, w.vma, USER_BASE);
    expect(fill(kernel, false, VM_UFFD_MISSING, "COPY", there).result).toBe("EEXIST");
  });
});

describe("write protection", () => {
  test("of a file: markers in a table made for them, gone when lifted", () => {
    const range = [USER_BASE, USER_BASE + 2 * PAGE_SIZE] as const;
    const on = alone("6.18", withVma(true, VM_SHARED | VM_UFFD_WP), (w) =>
      w.kernel.userfaultfdWriteprotect(w, w.vma, ...range, true),
    );
    expect(isUffdWpMarker(pteAt(on.w, on.w.vma, USER_BASE + PAGE_SIZE))).toBe(true);
    const off = alone("6.18", withVma(true, VM_SHARED | VM_UFFD_WP), function* (w) {
      yield* w.kernel.userfaultfdWriteprotect(w, w.vma, ...range, true);
      return yield* w.kernel.userfaultfdWriteprotect(w, w.vma, ...range, false);
    });
    expect(off.result).toBe(0);
    expect(pteNone(pteAt(off.w, off.w.vma, USER_BASE))).toBe(true);
  });

  test("of an anonymous page: read-only while it lasts; unregister lifts it", () => {
    const build = (w: World): World & OneVma => {
      const built = withVma(false, 0)(w);
      populateAnon(w, built.vma, USER_BASE);
      return built;
    };
    const { w } = alone("6.18", build, function* (world) {
      const { kernel, vma } = world;
      yield* kernel.userfaultfdRegister(world, vma, VM_UFFD_WP);
      yield* kernel.userfaultfdWriteprotect(world, vma, USER_BASE, USER_BASE + PAGE_SIZE, true);
      world.reached.add(pteUffdWp(pteAt(world, vma, USER_BASE)) ? "marked" : "not marked");
      world.reached.add(pteWrite(pteAt(world, vma, USER_BASE)) ? "writable" : "read-only");
      yield* kernel.userfaultfdUnregister(world, vma);
    });
    expect([...w.reached]).toEqual(["marked", "read-only"]);
    expect(pteWrite(pteAt(w, w.vma, USER_BASE))).toBe(true);
    expect(w.vma.flags.value & VM_UFFD_WP).toBe(0);
  });

  test("of a huge page, whole and in part", () => {
    const build = (w: World): World & OneVma => {
      const built = withVma(false, VM_UFFD_WP)(w);
      populateHugeAnon(w, built.vma);
      return built;
    };
    const whole = alone("6.18", build, (w) =>
      w.kernel.userfaultfdWriteprotect(w, w.vma, w.vma.start, w.vma.end, true),
    );
    expect(pmdLeaf(whole.w.vma.mm.slotOf(USER_BASE).value)).toBe(true);
    const part = alone("6.18", build, (w) =>
      w.kernel.userfaultfdWriteprotect(w, w.vma, w.vma.start, w.vma.start + PAGE_SIZE, true),
    );
    expect(pteUffdWp(pteAt(part.w, part.w.vma, USER_BASE))).toBe(true);
    expect(pteUffdWp(pteAt(part.w, part.w.vma, USER_BASE + PAGE_SIZE))).toBe(false);
  });
});

describe.each(["6.11", "6.12", "6.14", "6.18"])("UFFDIO_MOVE on %s", (kernel) => {
  const twoVmas = (w: World) => {
    const mm = w.createMm();
    const src = w.createVma(mm, wholePmd(USER_BASE, null), VM_READ_WRITE);
    const dst = w.createVma(mm, wholePmd(OTHER, null), VM_READ_WRITE | VM_UFFD_MISSING);
    return Object.assign(w, { mm, src, dst });
  };

  test("of a page: the page itself, with new labels", () => {
    const build = (w: World) => {
      const built = twoVmas(w);
      return Object.assign(built, { folio: populateAnon(w, built.src, USER_BASE, 7) });
    };
    const { w, result } = alone(kernel, build, (one) => one.kernel.movePages(one, one.mm, OTHER, USER_BASE));
    expect(result).toBe(0);
    expect(pteNone(pteAt(w, w.src, USER_BASE))).toBe(true);
    expect(pfnOf(pteAt(w, w.dst, OTHER))).toBe(w.folio.pfn);
    expect(w.folio.index.value).toBe(w.dst.indexOf(OTHER));
    expect(w.folio.refcount.value).toBe(1);
  });

  test("of a huge page: its PMD, and the table that was deposited for it", () => {
    const build = (w: World) => {
      const built = twoVmas(w);
      return Object.assign(built, { folio: populateHugeAnon(w, built.src) });
    };
    const { w, result } = alone(kernel, build, (one) =>
      one.kernel.movePages(one, one.mm, OTHER, USER_BASE, PMD_SIZE),
    );
    expect(result).toBe(0);
    expect(pmdNone(w.mm.slotOf(USER_BASE).value)).toBe(true);
    expect(pmdLeaf(w.mm.slotOf(OTHER).value)).toBe(true);
    expect(w.folio.index.value).toBe(w.dst.indexOf(OTHER));
  });

  test("of a part of a huge page: it is split, mapping and folio", () => {
    const build = (w: World) => {
      const built = twoVmas(w);
      return Object.assign(built, { folio: populateHugeAnon(w, built.src) });
    };
    const { w, result } = alone(kernel, build, (one) => one.kernel.movePages(one, one.mm, OTHER, USER_BASE));
    expect(result).toBe(0);
    expect(pteNone(pteAt(w, w.src, USER_BASE))).toBe(true);
    expect(ptePresent(pteAt(w, w.src, USER_BASE + PAGE_SIZE))).toBe(true);
    expect(w.folio.pages).toBe(1);
  });

  test("what is refused", () => {
    const nothing = alone(kernel, twoVmas, (w) => w.kernel.movePages(w, w.mm, OTHER, USER_BASE));
    expect(nothing.result).toBe("ENOENT");
    const notRegistered = alone(kernel, twoVmas, (w) => w.kernel.movePages(w, w.mm, USER_BASE, OTHER));
    expect(notRegistered.result).toBe("EINVAL");
    const taken = (w: World) => {
      const built = twoVmas(w);
      populateAnon(w, built.src, USER_BASE);
      populateAnon(w, built.dst, OTHER);
      return built;
    };
    expect(alone(kernel, taken, (w) => w.kernel.movePages(w, w.mm, OTHER, USER_BASE)).result).toBe("EEXIST");
  });
});

test("UFFDIO_MOVE came after 6.6", () => {
  const build = (w: World) => {
    const built = withVma(false, VM_UFFD_MISSING)(w);
    populateAnonVma(w, built.vma);
    populateTable(w, built.vma);
    return built;
  };
  const { result } = alone("6.6", build, (w) =>
    w.kernel.movePages(w, w.vma.mm, USER_BASE, USER_BASE + PAGE_SIZE),
  );
  expect(result).toBe("EINVAL");
});
