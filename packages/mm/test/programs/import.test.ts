/** Programs of syzkaller. */

import { importSyz, ProgramError, programText } from "@mmrace/mm/programs";
import { programScenario } from "@mmrace/mm/programs";
import { explore, random } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

const UFFD = `# {Threaded:true Procs:1 Sandbox:none}
mmap(&(0x7f0000000000/0x200000)=nil, 0x200000, 0x3, 0x8032, 0xffffffffffffffff, 0x0)
r0 = userfaultfd(0x80801)
ioctl$UFFDIO_API(r0, 0xc018aa3f, &(0x7f0000400000)={0xaa, 0x0, 0x0})
ioctl$UFFDIO_REGISTER(r0, 0xc020aa00, &(0x7f0000400080)={{&(0x7f0000000000/0x200000)=nil, 0x200000}, 0x1})
ioctl$UFFDIO_COPY(r0, 0xc028aa03, &(0x7f0000400000)={&(0x7f0000101000/0x3000)=nil, &(0x7f0000ffd000/0x2000)=nil, 0x3000}) (async)
madvise(&(0x7f0000100000/0x2000)=nil, 0x2000, 0x4)
madvise(&(0x7f0000000000/0x200000)=nil, 0x200000, 0x19)
`;

test("the beginning is the layout, async calls are threads, addresses become those of a small world", () => {
  const { program, notes } = importSyz(UFFD);
  expect(programText(program)).toBe(`program ptes=5 pmds=2:

process 1:
r0 = userfaultfd(0x0)
mmap(&(0x7f0000000000/0x200000)=nil, 0x200000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, 0xffffffffffffffff, 0x0)
ioctl$UFFDIO_API(r0, UFFDIO_API, &AUTO={0xaa, 0x0, 0x0})
ioctl$UFFDIO_REGISTER(r0, UFFDIO_REGISTER, &AUTO={{&(0x7f0000000000/0x200000)=nil, 0x200000}, UFFDIO_REGISTER_MODE_MISSING, 0x0})

thread main:
madvise(&(0x7f0000001000/0x2000)=nil, 0x2000, MADV_DONTNEED)
madvise(&(0x7f0000000000/0x200000)=nil, 0x200000, MADV_COLLAPSE)

thread line6:
ioctl$UFFDIO_COPY(r0, UFFDIO_COPY, &AUTO={&(0x7f0000002000/0x1000)=nil, nil, 0x1000, 0x0, 0x0})
ioctl$UFFDIO_COPY(r0, UFFDIO_COPY, &AUTO={&(0x7f0000003000/0x1000)=nil, nil, 0x1000, 0x0, 0x0})
`);
  expect(notes).toEqual(["line 2: the flags 0x8000 of mmap were left out."]);
  const { violations, executions } = explore(
    programScenario(program, "6.18"),
    random({ randomSeed: 1, executionsMax: 50 }),
  );
  expect(violations).toEqual([]);
  expect(executions).toBe(50);
});

test("with collide every call after the layout is a thread of its own", () => {
  const { program } = importSyz(UFFD, { collide: true });
  expect(program.threads.map(({ name }) => name)).toEqual(["line6", "line7", "line8"]);
});

test("ranges that pages move between are cut alike; a file is cut where it is mapped", () => {
  const { program } = importSyz(`r0 = memfd_create(&(0x7f0000000000)='a\\x00', 0x0)
mmap(&(0x7f0000200000/0x200000)=nil, 0x200000, 0x3, 0x11, r0, 0x0)
mmap(&(0x7f0000600000/0x200000)=nil, 0x200000, 0x3, 0x2, r0, 0x0)
mremap(&(0x7f0000200000/0x200000)=nil, 0x200000, 0x200000, 0x3, &(0x7f0000a00000/0x200000)=nil)
ftruncate(r0, 0x10000) (async)
madvise(&(0x7f0000608000/0x1000)=nil, 0x1000, 0x4) (async)
`);
  expect(program.geometry).toEqual({ ptesPerTable: 4, pmdsPerMm: 6 });
  expect(programText(program)).toContain("ftruncate(r0, 0x3000)");
  expect(programText(program)).toContain("madvise(&(0x7f0000601000/0x1000)=nil, 0x1000, MADV_DONTNEED)");
});

test("every call of userfaultfd that is modelled", () => {
  const range = "{&(0x7f0000000000/0x1000)=nil, 0x1000}";
  const { program } = importSyz(`r0 = userfaultfd(0x1)
ioctl$UFFDIO_API(r0, 0xc018aa3f, &(0x7f0000000040)={0xaa, 0x4})
mmap(&(0x7f0000000000/0x1000)=nil, 0x1000, 0x3, 0x32, 0xffffffffffffffff, 0x0)
mmap(&(0x7f0000001000/0x1000)=nil, 0x1000, 0x3, 0x32, 0xffffffffffffffff, 0x0)
ioctl$UFFDIO_REGISTER(r0, 0xc020aa00, &(0x7f0000000080)={${range}, 0x3})
ioctl$UFFDIO_ZEROPAGE(r0, 0xc020aa04, &(0x7f0000000080)={${range}})
ioctl$UFFDIO_CONTINUE(r0, 0xc020aa07, &(0x7f0000000080)={${range}})
ioctl$UFFDIO_POISON(r0, 0xc020aa08, &(0x7f0000000080)={${range}})
ioctl$UFFDIO_WRITEPROTECT(r0, 0xc018aa06, &(0x7f0000000080)={${range}, 0x1})
ioctl$UFFDIO_MOVE(r0, 0xc028aa05, &(0x7f0000000080)={&(0x7f0000000000/0x1000)=nil, &(0x7f0000001000/0x1000)=nil, 0x1000, 0x2})
ioctl$UFFDIO_WAKE(r0, 0x8010aa02, &(0x7f0000000080)=${range})
ioctl$UFFDIO_UNREGISTER(r0, 0x8010aa01, &(0x7f0000000080)=${range})
`);
  expect(program.threads[0]!.calls.map(({ name }) => name.replace("ioctl$UFFDIO_", ""))).toEqual([
    "ZEROPAGE",
    "CONTINUE",
    "POISON",
    "WRITEPROTECT",
    "MOVE",
    "WAKE",
    "UNREGISTER",
  ]);
});

test("shared anonymous memory is a file of its own", () => {
  const { program } =
    importSyz(`mmap(&(0x7f0000000000/0x1000)=nil, 0x1000, 0x3, 0x21, 0xffffffffffffffff, 0x0)
munmap(&(0x7f0000000000/0x1000)=nil, 0x1000)
`);
  expect(program.files.map(({ name }) => name)).toEqual(["memfd_create"]);
});

describe("what is not modelled is named with its line", () => {
  const MAP = "mmap(&(0x7f0000000000/0x1000)=nil, 0x1000, 0x3, 0x32, 0xffffffffffffffff, 0x0)\n";
  const cases: readonly (readonly [what: string, line: string, message: RegExp])[] = [
    ["a call", "getpid()", /^line 2, column 1: getpid is not modelled/],
    [
      "a variant",
      "mmap$IORING_OFF_SQ_RING(&(0x7f0000400000/0xc00000)=nil, 0xc00000, 0x0, 0x44832, 0xffffffffffffffff, 0x0)",
      /mmap\$IORING_OFF_SQ_RING is not modelled/,
    ],
    ["advice", "madvise(&(0x7f0000000000/0x1000)=nil, 0x1000, 0xe)", /Of advice only MADV_DONTNEED/],
    [
      "a mremap that grows",
      "mremap(&(0x7f0000000000/0x1000)=nil, 0x1000, 0x2000, 0x1, &(0x7f0000002000/0x2000)=nil)",
      /keeps the size/,
    ],
    [
      "hugetlb",
      "mmap(&(0x7f0000400000/0x200000)=nil, 0x200000, 0x3, 0x40032, 0xffffffffffffffff, 0x0)",
      /Neither hugetlb/,
    ],
  ];

  test.each(cases)("%s", (_what, line, message) => {
    expect(() => importSyz(`${MAP}${line}\nmunmap(&(0x7f0000000000/0x1000)=nil, 0x1000)\n`)).toThrow(message);
    const { program, notes } = importSyz(`${MAP}${line}\nmunmap(&(0x7f0000000000/0x1000)=nil, 0x1000)\n`, {
      lenient: true,
    });
    expect(notes[0]).toMatch(/^line 2: left out/);
    expect(program.threads.flatMap(({ calls }) => calls.map(({ name }) => name))).toEqual(["munmap"]);
  });

  test("broken syntax", () => {
    expect(() => importSyz("mmap(&(0x7f0000000000/0x1000)=nil, 0x1000,, 0x3)")).toThrow(ProgramError);
  });

  test("nothing to do", () => {
    expect(() => importSyz(MAP)).toThrow(/Nothing is left for threads/);
  });
});
