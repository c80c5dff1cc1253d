/** The text of programs: read back as they were, and refused with a place and a way out. */

import {
  callNames,
  callSpecs,
  generateProgram,
  packProgram,
  parseProgram,
  ProgramError,
  programName,
  programText,
  unpackProgram,
} from "@mmrace/mm/programs";
import { Prng } from "@mmrace/scheduler";
import { expect, test } from "vitest";

const LAYOUT = `program ptes=4 pmds=2:
r0 = memfd_create('shmem', 0x0)
page_cache(r0, 0x0, 0x2000)

process 1:
r1 = userfaultfd(0x0)
mmap(&(0x7f0000000000/0x200000)=nil, 0x200000, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, r0, 0x0)
`;
const THREAD = "thread t0:\nmunmap(&(0x7f0000000000/0x200000)=nil, 0x200000)\n";

test("whatever is generated reads back as it was, from its text and from its packed form", () => {
  for (let seed = 0; seed < 400; seed++) {
    const program = generateProgram(new Prng(seed), { threadsMax: 4, callsMax: 4 });
    const text = programText(program);
    expect(parseProgram(text), text).toEqual(program);
    expect(programText(parseProgram(text))).toBe(text);
    expect(unpackProgram(packProgram(program))).toEqual(program);
  }
});

test("among generated programs every call occurs that is ever drawn", () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 1500; seed++) {
    const { files, processes, threads } = generateProgram(new Prng(seed), { callsMax: 4 });
    for (const { name } of files) seen.add(name);
    for (const { setup } of processes) for (const { name } of setup) seen.add(name);
    for (const { calls } of threads) for (const { name } of calls) seen.add(name);
  }
  // Their weight is 0: a process that ends is an end of the program too, and a wake-up is part of every fill.
  expect(callNames.filter((name) => !seen.has(name))).toEqual(["ioctl$UFFDIO_WAKE", "exit_group"]);
});

test("the codes by which tokens name calls are all different", () => {
  const codes = Object.values(callSpecs).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});

test("comments, spelling and the spare words of syzkaller change nothing", () => {
  const other = `# of no consequence
r0 = memfd_create(&AUTO='another name\\x00', 0x3)   # the default sizes
page_cache(r0, 0, 8192)
process 1:
r7 = userfaultfd(0x80801)
mmap(&(0x7f0000000000/0x200000)=nil, 0x200000, 0x3, 0x11, r0, 0x0)
thread t0:
  munmap(0x7f0000000000, 0x200000)
`;
  const program = parseProgram(LAYOUT + THREAD);
  expect(parseProgram(other)).toEqual(program);
  expect(programName(parseProgram(other))).toBe(programName(program));
  expect(programName(parseProgram(LAYOUT + THREAD.replace("t0", "t1")))).not.toBe(programName(program));
});

test.each(["MADV_DONTNEED", "MADV_COLLAPSE", "MADV_GUARD_INSTALL", "MADV_GUARD_REMOVE"])(
  "%s has its own name, though its number has the bits of others",
  (advice) => {
    const call = `madvise(&(0x7f0000000000/0x200000)=nil, 0x200000, ${advice})`;
    expect(programText(parseProgram(`${LAYOUT}thread t0:\n${call}\n`))).toContain(call);
  },
);

const wrong: readonly (readonly [what: string, text: string, place: string, message: RegExp])[] = [
  ["an unknown call", `${LAYOUT}thread t0:\nmunmapp()\n`, "9:1", /no call munmapp. There are munmap/],
  [
    "no parenthesis",
    `${LAYOUT}thread t0:\nmunmap(0x7f0000000000, 0x1000\n`,
    "9:30",
    /"," or "\)" was expected/,
  ],
  ["half a page", `${LAYOUT}thread t0:\nload(&(0x7f0000000010))\n`, "9:6", /first address of a page/],
  ["an address elsewhere", `${LAYOUT}thread t0:\nload(&(0x1000))\n`, "9:6", /begin at 0x7f0000000000/],
  ["too few values", `${LAYOUT}thread t0:\nmunmap(0x7f0000000000)\n`, "9:1", /takes 2 values, not 1/],
  [
    "an unknown flag",
    `${LAYOUT}thread t0:\nmadvise(0x7f0000000000, 0x1000, MADV_FREE)\n`,
    "9:33",
    /no MADV_FREE here. There are MADV_DONTNEED/,
  ],
  [
    "a file that is none",
    `${LAYOUT}thread t0:\nftruncate(r5, 0x0)\n`,
    "9:11",
    /r5 is no file. Make it first/,
  ],
  [
    "another userfaultfd",
    `${LAYOUT}thread t0:\nioctl$UFFDIO_WAKE(r0, UFFDIO_WAKE, &AUTO={0x7f0000000000, 0x1000})\n`,
    "9:19",
    /not the userfaultfd of process 1/,
  ],
  [
    "a call in the wrong section",
    `${LAYOUT}kthread k:\nload(0x7f0000000000)\n`,
    "9:1",
    /cannot stand here, but in a thread section/,
  ],
  [
    "a mapping cut in two",
    `${LAYOUT}thread t0:\nmunmap(0x7f0000000000, 0x1000)\n`,
    "9:1",
    /would split the mapping of 512 pages at page 0/,
  ],
  [
    "a page without an entry",
    `${LAYOUT}thread t0:\nload(0x7f0000005000)\n`,
    "9:1",
    /only the first 4 pages exist/,
  ],
  [
    "two mappings in one place",
    `${LAYOUT}mmap(0x7f0000001000, 0x1000, PROT_READ, MAP_PRIVATE|MAP_FIXED, r0, 0x0)\n${THREAD}`,
    "8:1",
    /a mapping in this place already|would split/,
  ],
  [
    "a page that is not cached",
    `${LAYOUT}populate(0x7f0000002000, 0x1000)\n${THREAD}`,
    "8:1",
    /not in the page cache/,
  ],
  [
    "call properties",
    `${LAYOUT}thread t0:\nmunmap(0x7f0000000000, 0x200000) (async)\n`,
    "9:1",
    /threads are sections/,
  ],
  ["a section without a name", `${LAYOUT}thread :\n`, "8:1", /Write "thread NAME:"/],
  ["two threads of one name", `${LAYOUT}${THREAD}${THREAD}`, "10:1", /two threads named t0/],
];

test.each(wrong)("%s is refused with its place and a way out", (_what, text, place, message) => {
  let caught: unknown;
  try {
    parseProgram(text);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(ProgramError);
  const error = caught as ProgramError;
  expect(`${error.place?.line}:${error.place?.column}`).toBe(place);
  expect(error.message).toMatch(message);
});

test("a program without threads is refused", () => {
  expect(() => parseProgram(LAYOUT)).toThrow(/1 to 8 threads, not 0/);
});

test("a damaged packed form is refused", () => {
  const packed = packProgram(parseProgram(LAYOUT + THREAD));
  expect(() => unpackProgram(packed.replace("mf", "zz"))).toThrow(ProgramError);
  expect(() => unpackProgram("")).toThrow(/another version/);
});
