/** Programs from programs: what comes out can be run, and the same random seed gives the same. */

import {
  checkProgram,
  generateProgram,
  minimizeProgram,
  mutateProgram,
  packProgram,
  parseProgram,
  programText,
  spliceProgram,
  type Program,
} from "@mmrace/mm/programs";
import { Prng } from "@mmrace/scheduler";
import { expect, test } from "vitest";

/** A history of changes. */
function history(randomSeed: number): readonly Program[] {
  const prng = new Prng(randomSeed);
  const first = generateProgram(prng);
  const mutated = mutateProgram(prng, first);
  const spliced = spliceProgram(prng, mutated, generateProgram(prng));
  return [first, mutated, spliced, mutateProgram(prng, spliced)];
}

test("changed programs can be run, and their texts read back", () => {
  let changed = 0;
  for (let seed = 0; seed < 300; seed++) {
    const programs = history(seed);
    for (const program of programs) {
      checkProgram(program);
      expect(parseProgram(programText(program))).toEqual(program);
      expect(program.threads.length).toBeGreaterThan(0);
    }
    if (packProgram(programs[0]!) !== packProgram(programs[1]!)) changed++;
  }
  expect(changed).toBeGreaterThan(290);
});

test("the same random seed makes the same programs, another one others", () => {
  for (let seed = 0; seed < 50; seed++) expect(history(seed)).toEqual(history(seed));
  expect(history(1)).not.toEqual(history(2));
});

test("a splice has threads of both", () => {
  const joined = Array.from({ length: 60 }, (_, seed) => history(seed)[2]!.threads.length);
  expect(Math.max(...joined)).toBeGreaterThan(2);
});

const LARGE = parseProgram(`program ptes=4 pmds=2:
r0 = memfd_create('a', 0x0)
page_cache(r0, 0x0, 0x4000)
r1 = memfd_create('b', 0x0)

process 1:
r2 = userfaultfd(0x0)
mmap(0x7f0000000000, 0x200000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, r1, 0x0)
ioctl$UFFDIO_REGISTER(r2, UFFDIO_REGISTER, &AUTO={{0x7f0000000000, 0x200000}, 0x7, 0x0})
mmap(0x7f0000200000, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0x0)
populate(0x7f0000200000, 0x3000)

process 2:

thread a:
store(0x7f0000000000, 0x7)
munmap(0x7f0000000000, 0x200000)

thread b:
load(0x7f0000200000)
madvise(0x7f0000200000, 0x3000, MADV_DONTNEED)

kthread c:
hpage_collapse_scan_file(r1)
`);

test("what is not needed goes: threads, calls, what is set up, processes, files, and then arguments", () => {
  const tried: number[] = [];
  const smallest = minimizeProgram(LARGE, (candidate) => {
    tried.push(candidate.threads.length);
    return candidate.threads.some(({ calls }) =>
      calls.some(({ name, args }) => name === "store" && args[1]! > 0),
    );
  });
  expect(programText(smallest)).toBe(`program ptes=4 pmds=2:

process 1:

thread a:
store(&(0x7f0000000000), 0x1)
`);
  expect(tried[0]).toBe(2); // A thread goes first.
});

test("numbers of files follow when a file goes", () => {
  const smallest = minimizeProgram(LARGE, ({ threads, files }) => {
    const isCollapsed = threads.some(({ calls }) =>
      calls.some(({ name }) => name === "hpage_collapse_scan_file"),
    );
    return isCollapsed && files.length > 0;
  });
  expect(programText(smallest)).toBe(`program ptes=4 pmds=2:
r0 = memfd_create(&AUTO='shmem\\x00', 0x0)

kthread c:
hpage_collapse_scan_file(r0)
`);
});

test("where nothing can go, the program stays what it is", () => {
  expect(minimizeProgram(LARGE, () => false)).toBe(LARGE);
});
