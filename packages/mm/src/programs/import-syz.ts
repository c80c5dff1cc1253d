/**
 * Reads programs of syzkaller that make no other calls than those modelled here.
 *
 * What makes descriptors, maps and registers at the beginning is the layout. What follows is one thread; each call that is
 * `async` is a thread of its own. So is every call with `collide`, as syzkaller runs them to find races.
 */

import { PAGE_SIZE } from "@mmrace/x86-paging";
import { USER_BASE } from "../state/geometry.ts";
import { SLOT_PAGES, type PageRange } from "./areas.ts";
import { callNamed } from "./call-specs.ts";
import { checkProgram } from "./check.ts";
import { Compaction, type Linked } from "./compaction.ts";
import { MAP_ANONYMOUS, MAP_SHARED } from "./constants.ts";
import { importMakers, importSpecs } from "./import-calls.ts";
import { narrow, type RawCall } from "./narrow.ts";
import { ProgramError } from "./program-error.ts";
import type { Call, Program, ProgramThread } from "./program.ts";
import { readArguments, type Reading } from "./read-call.ts";
import { parseCallLine, type CallLine } from "./value-parser.ts";

/** How to import. */
export interface ImportOptions {
  /** Leaves calls out that are not modelled, and says so in `notes`, instead of refusing the program. */
  readonly lenient?: boolean;
  /** Every call after the layout is a thread of its own. */
  readonly collide?: boolean;
}

/** An imported program, and what is different in it. */
export interface Imported {
  readonly program: Program;
  readonly notes: readonly string[];
}

/**
 * Reads the text of a syzkaller program.
 *
 * @throws {ProgramError} where the syntax is broken, a call is not modelled, or the model cannot run the program.
 */
export function importSyz(text: string, options: ImportOptions = {}): Imported {
  return new SyzImport(options).import(text);
}

/** Pages of the area that syzkaller's programs use: 16 MiB. */
const AREA_PAGES = 0x1000;

class SyzImport {
  readonly #options: ImportOptions;
  readonly #notes: string[] = [];
  readonly #files: Call[] = [];
  readonly #fileOf = new Map<string, number>();
  readonly #calls: RawCall[] = [];
  #uffd: string | undefined;

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  import(text: string): Imported {
    for (const [at, raw] of text.split(/\r?\n/).entries()) {
      const code = raw.trim();
      if (code !== "" && !code.startsWith("#")) this.#read(parseCallLine(raw, at + 1));
    }
    const program = this.#program();
    checkProgram(program);
    return { program, notes: this.#notes };
  }

  #read(call: CallLine): void {
    const { name, line, column, result, properties } = call;
    const maker = importMakers[name];
    if (maker !== undefined) return this.#make(maker, result, line, column);
    const spec = Object.hasOwn(importSpecs, name) ? importSpecs[name] : undefined;
    if (spec === undefined) return this.#leaveOut(line, column, `${name} is not modelled.`);
    const fault = properties.find((property) => property !== "async");
    if (fault !== undefined) this.#notes.push(`line ${line}: the property "${fault}" was left out.`);
    const args = readArguments(spec, call, this.#reading(line));
    const raw: RawCall = { name, args, line, isAsync: properties.includes("async") };
    const why = narrow(raw, this.#notes);
    if (why !== undefined) return this.#leaveOut(line, column, `${name} is not modelled so. ${why}`);
    if (name === "mmap") this.#giveFile(raw);
    this.#calls.push(raw);
  }

  #leaveOut(line: number, column: number, why: string): void {
    if (this.#options.lenient !== true)
      throw new ProgramError({ line, column }, `${why} Take the line out, or import leniently.`);
    this.#notes.push(`line ${line}: left out, as ${why}`);
  }

  #make(maker: "file" | "text" | "uffd", result: string | undefined, line: number, column: number): void {
    if (result === undefined) return;
    if (maker === "uffd") {
      if (this.#uffd !== undefined)
        return this.#leaveOut(line, column, "a second userfaultfd is not modelled.");
      this.#uffd = result;
      return;
    }
    this.#fileOf.set(result, this.#fileOf.size);
    this.#files.push({ name: maker === "file" ? "memfd_create" : "open", args: [] });
  }

  /** Shared anonymous memory is a file of shmem that nobody else has. */
  #giveFile({ args, line }: RawCall): void {
    if ((args[3]! & MAP_ANONYMOUS) === 0) return;
    args[4] = -1;
    if ((args[3]! & MAP_SHARED) === 0) return;
    args[3] = args[3]! & ~MAP_ANONYMOUS;
    args[4] = this.#fileOf.size;
    this.#fileOf.set(`line ${line}`, this.#fileOf.size);
    this.#files.push({ name: "memfd_create", args: [] });
  }

  #reading(line: number): Reading {
    return {
      line,
      page: (address, { column }) => {
        const page = Number((address - BigInt(USER_BASE)) / BigInt(PAGE_SIZE));
        if (address >= BigInt(USER_BASE) && page < AREA_PAGES) return page;
        throw new ProgramError(
          { line, column },
          `0x${address.toString(16)} lies outside of syzkaller's 16 MiB.`,
        );
      },
      pages: (size, { column }) => {
        const pages = Number((size + BigInt(PAGE_SIZE - 1)) / BigInt(PAGE_SIZE));
        if (pages <= AREA_PAGES) return pages;
        throw new ProgramError(
          { line, column },
          `0x${size.toString(16)} bytes are more than syzkaller's 16 MiB.`,
        );
      },
      file: (variable, { column }) => {
        const found = this.#fileOf.get(variable);
        if (found !== undefined) return found;
        throw new ProgramError({ line, column }, `${variable} is no file that is modelled.`);
      },
      uffd: (variable, { column }) => {
        if (this.#uffd !== variable)
          throw new ProgramError({ line, column }, `${variable} is not the userfaultfd.`);
      },
      owner: (_number, { column }) => {
        throw new ProgramError({ line, column }, "There is one process.");
      },
    };
  }

  #program(): Program {
    const links = this.#calls.flatMap((call) => linksOf(call, this.#calls));
    const compaction = new Compaction(
      this.#calls.flatMap((call) => rangesOf(call, this.#calls)),
      links,
    );
    for (const { from, to, pages } of links) {
      if (compaction.pages({ start: from, pages }) !== compaction.pages({ start: to, pages }))
        throw new ProgramError(
          undefined,
          `Pages ${from} and ${to} do not lie alike in their 2 MiB, so that a world of few entries cannot have both.`,
        );
    }
    const geometry = {
      ptesPerTable: Math.max(4, compaction.ptes),
      pmdsPerMm: Math.max(2, compaction.pmds),
    };
    const setup: Call[] = this.#uffd === undefined ? [] : [{ name: "userfaultfd", args: [] }];
    const rest = [...this.#calls];
    while (rest.length > 0 && isLayout(rest[0]!, setup))
      setup.push(...compacted(rest.shift()!, compaction, geometry.ptesPerTable, this.#calls));
    if (rest.length === 0) throw new ProgramError(undefined, "Nothing is left for threads to do.");
    const threads = this.#threads(
      rest.map((call) => ({
        raw: call,
        calls: compacted(call, compaction, geometry.ptesPerTable, this.#calls),
      })),
    );
    return { geometry, files: this.#files, processes: [{ setup }], threads };
  }

  #threads(rest: readonly { readonly raw: RawCall; readonly calls: readonly Call[] }[]): ProgramThread[] {
    const main = rest.filter(({ raw }) => !this.#isAlone(raw)).flatMap(({ calls }) => calls);
    const alone = rest
      .filter(({ raw }) => this.#isAlone(raw))
      .map(({ raw, calls }) => ({ name: `line${raw.line}`, owner: 0, calls }));
    return main.length === 0 ? alone : [{ name: "main", owner: 0, calls: main }, ...alone];
  }

  #isAlone({ isAsync }: RawCall): boolean {
    return isAsync || this.#options.collide === true;
  }
}

/** Whether a call can be had done before the threads begin. */
function isLayout({ name, args, isAsync }: RawCall, setup: readonly Call[]): boolean {
  if (isAsync) return false;
  if (name === "ioctl$UFFDIO_API" || name === "ioctl$UFFDIO_REGISTER") return true;
  if (name !== "mmap") return false;
  const [start = 0, pages = 0] = args;
  const mapped = setup.filter((call) => call.name === "mmap");
  return mapped.every(
    ({ args: [other = 0, length = 0] }) => start + pages <= other || other + length <= start,
  );
}

/** The ranges of memory that a call names. */
function rangesOf(call: RawCall, all: readonly RawCall[]): PageRange[] {
  const [first = 0, second = 0, third = 0, fourth = 0] = call.args;
  switch (call.name) {
    case "ioctl$UFFDIO_API":
      return [];
    case "ioctl$UFFDIO_MOVE":
      return [
        { start: first, pages: third },
        { start: second, pages: third },
      ];
    case "ftruncate":
      return mappedAt(first, all).map((start) => ({ start, pages: second }));
    case "fallocate":
      return mappedAt(first, all).map((start) => ({ start: start + third, pages: fourth }));
    default:
      return [{ start: first, pages: second }];
  }
}

/** Where a file is mapped, from its beginning. */
function mappedAt(file: number, all: readonly RawCall[]): number[] {
  return all.filter(({ name, args }) => name === "mmap" && args[4] === file).map(({ args }) => args[0]!);
}

/** Ranges that must be cut alike: where pages go from one to the other, and where both map one file. */
function linksOf({ name, args }: RawCall, all: readonly RawCall[]): Linked[] {
  const [first = 0, second = 0, third = 0] = args;
  if (name === "mremap") return [{ from: first, to: third, pages: second }];
  if (name === "ioctl$UFFDIO_MOVE") return [{ from: second, to: first, pages: third }];
  if (name !== "mmap" || args[4] === -1) return [];
  return all
    .filter((other) => other.name === "mmap" && other.args[4] === args[4] && other.args[0] !== first)
    .map((other) => ({ from: first, to: other.args[0]!, pages: Math.min(second, other.args[1]!) }));
}

/** The call in the world's own places; a fill of several pages is one call for each. */
function compacted(raw: RawCall, places: Compaction, ptes: number, all: readonly RawCall[]): Call[] {
  const name = callNamed(raw.name)!;
  const args = [...raw.args];
  const [first = 0, second = 0, third = 0, fourth = 0] = args;
  switch (raw.name) {
    case "ioctl$UFFDIO_API":
      return [{ name, args }];
    case "ioctl$UFFDIO_COPY":
    case "ioctl$UFFDIO_ZEROPAGE":
    case "ioctl$UFFDIO_CONTINUE":
    case "ioctl$UFFDIO_POISON":
      return pagesOf(places.place(first), places.pages({ start: first, pages: second }), ptes).map(
        (page) => ({
          name,
          args: [page],
        }),
      );
    case "ioctl$UFFDIO_MOVE": {
      const pages = places.pages({ start: second, pages: third });
      return [{ name, args: [places.place(first), places.place(second), pages] }];
    }
    case "ftruncate":
      return [{ name, args: [first, filePages(first, 0, second, places, ptes, all)] }];
    case "fallocate": {
      const start = filePages(first, 0, third, places, ptes, all);
      return [
        {
          name,
          args: [first, second, start, Math.max(1, filePages(first, third, fourth, places, ptes, all))],
        },
      ];
    }
    default:
      args[0] = places.place(first);
      args[1] = places.pages({ start: first, pages: second });
      if (raw.name === "mremap") args[2] = places.place(third);
      return [{ name, args }];
  }
}

/** Pages of a file, counted where it is mapped; of one that is not mapped, none or all. */
function filePages(
  file: number,
  from: number,
  pages: number,
  places: Compaction,
  ptes: number,
  all: readonly RawCall[],
): number {
  const [start] = mappedAt(file, all);
  if (start === undefined) return pages === 0 ? 0 : ptes;
  return Math.min(ptes, places.pages({ start: start + from, pages }));
}

/** The pages of a range that have entries. */
function pagesOf(start: number, pages: number, ptes: number): number[] {
  return Array.from({ length: pages }, (_, at) => start + at).filter((page) => page % SLOT_PAGES < ptes);
}
