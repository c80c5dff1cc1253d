/** What generated programs have shown on current releases: docs/findings. */

import { readFileSync } from "node:fs";
import { parseProgram, programScenario, programText, type Program } from "@mmrace/mm/programs";
import { exhaustive, explore, iterativeBound } from "@mmrace/scheduler";
import { expect, test } from "vitest";

function programIn(file: string): Program {
  return parseProgram(readFileSync(new URL(`files/${file}.prog`, import.meta.url), "utf8"));
}

function oraclesOf(program: Program, release: string): readonly string[] {
  const search = explore(programScenario(program, release), exhaustive({ reduction: "sleep-sets" }), {
    stopAtFirst: false,
  });
  expect(search.complete).toBe(true);
  return search.violations.map(({ oracle }) => oracle);
}

/** The same program with a text replaced. */
function changed(program: Program, from: string, to: string): Program {
  const text = programText(program);
  expect(text).toContain(from);
  return parseProgram(text.replace(from, to));
}

test("a fill takes the place of a guard marker, where there are any; a store and a zeropage fill do not", () => {
  const program = programIn("fill-vs-guard");
  expect(oraclesOf(program, "6.18")).toEqual(["lost guard"]);
  expect(oraclesOf(program, "6.14")).toEqual(["lost guard"]);
  expect(oraclesOf(program, "6.12")).toEqual([]); // EINVAL: no guards yet.
  const zeropage = changed(
    program,
    "ioctl$UFFDIO_COPY(r0, UFFDIO_COPY, &AUTO={&(0x7f0000000000/0x1000)=nil, nil, 0x1000, 0x0, 0x0})",
    "ioctl$UFFDIO_ZEROPAGE(r0, UFFDIO_ZEROPAGE, &AUTO={{&(0x7f0000000000/0x1000)=nil, 0x1000}, 0x0, 0x0})",
  );
  expect(oraclesOf(zeropage, "6.18")).toEqual([]);
});

test("the dirty bit of a huge page of shmem goes with its mapping, that of small ones does not", () => {
  const program = programIn("dirty-huge-page");
  for (const release of ["6.1", "6.12", "6.18"]) expect(oraclesOf(program, release)).toEqual(["lost dirty"]);
  const small = changed(program, "page_cache_huge(r0)", "page_cache(r0, 0x0, 0x4000)");
  expect(oraclesOf(small, "6.18")).toEqual([]);
});

test("truncation takes the guard marker of one mapping away where a fault of another has come in between", () => {
  const program = programIn("truncate-vs-guard");
  const oneOn = (release: string) =>
    explore(programScenario(program, release), iterativeBound({ preemptionsMax: 1 }));
  expect(oneOn("6.18").violations.map(({ oracle, preemptions }) => [oracle, preemptions])).toEqual([
    ["lost guard", 1],
  ]);
  expect(oneOn("6.14").violations).toEqual([]); // EINVAL: guards of files came with 6.15.
});

test("a guard is never installed over markers of write protection in a file; in anonymous memory they go", () => {
  const program = programIn("wp-then-guard");
  const endsOn = (one: Program, release: string) =>
    explore(programScenario(one, release), exhaustive({ reduction: "sleep-sets" })).violations.map(
      ({ oracle }) => oracle,
    );
  expect(endsOn(program, "6.18")).toEqual(["livelock"]);
  expect(endsOn(program, "6.14")).toEqual([]); // EINVAL: guards of files came with 6.15.
  const anonymous = changed(
    program,
    "MAP_SHARED|MAP_FIXED, r0, 0x0)",
    "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, 0xffffffffffffffff, 0x0)",
  );
  expect(endsOn(anonymous, "6.18")).toEqual([]);
});

test("a poison marker of a shared mapping goes with its table", () => {
  const program = programIn("poison-vs-retract");
  expect(oraclesOf(program, "6.18")).toContain("lost marker");
  expect(oraclesOf(program, "6.1")).not.toContain("lost marker"); // EINVAL: UFFDIO_POISON came with 6.6.
});

test("a marker that comes while collapse_pte_mapped_thp holds no PTE lock goes with the table, not so as proposed", () => {
  const foundOn = (program: Program, release: string) =>
    explore(programScenario(program, release), iterativeBound({ preemptionsMax: 1 })).violations.map(
      ({ oracle, preemptions }) => [oracle, preemptions],
    );
  const guard = programIn("collapse-vs-guard");
  const poison = programIn("collapse-vs-poison");
  expect(foundOn(guard, "6.18")).toEqual([["lost guard", 1]]);
  expect(foundOn(guard, "6.14")).toEqual([]); // EINVAL: guards of files came with 6.15.
  for (const release of ["6.12", "6.18"]) expect(foundOn(poison, release)).toEqual([["lost marker", 1]]);
  for (const proposal of ["6.18-aligned", "6.18-trylock"]) {
    expect(foundOn(guard, proposal)).toEqual([]);
    expect(foundOn(poison, proposal)).toEqual([]);
  }
});
