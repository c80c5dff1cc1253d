/** Whether the model can run a program, whatever the schedule. What it could not is said before anything runs. */

import { HPAGE_PMD_NR } from "../state/folio.ts";
import {
  areasOf,
  callsOf,
  contains,
  isModelled,
  overlap,
  SLOT_PAGES,
  type Area,
  type PageRange,
} from "./areas.ts";
import type { ArgKind } from "./call-spec.ts";
import { callNamed, specOf } from "./call-specs.ts";
import { checkSetup } from "./check-setup.ts";
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  MAP_SHARED,
} from "./constants.ts";
import { ProgramError } from "./program-error.ts";
import type { Call, Program } from "./program.ts";
import { callText } from "./text.ts";

/** Threads that a program may have: beyond that no search comes anywhere. */
const THREADS_MAX = 8;
const PROCESSES_MAX = 4;

/** Where in its text a call stands. */
export type LineOf = (call: Call) => number | undefined;

/**
 * Checks a program.
 *
 * @param lineOf for messages about a text.
 * @throws {ProgramError} that says what is wrong, and what to try.
 */
export function checkProgram(program: Program, lineOf: LineOf = () => undefined): void {
  const refuse = (call: Call | undefined, problem: string): never => {
    const line = call === undefined ? undefined : lineOf(call);
    const text = call === undefined || line !== undefined ? "" : `${callText(call, 0)}: `;
    throw new ProgramError(line === undefined ? undefined : { line, column: 1 }, `${text}${problem}`);
  };
  new ProgramChecker(program, refuse).check();
}

/** Ends the check. Nothing is wrong with a call in particular where none is given. */
export type Refuse = (call: Call | undefined, problem: string) => never;

class ProgramChecker {
  readonly #program: Program;
  readonly #refuse: Refuse;
  readonly #files: number;

  constructor(program: Program, refuse: Refuse) {
    this.#program = program;
    this.#refuse = refuse;
    this.#files = program.files.filter(({ name }) => specOf(name).makes === "file").length;
  }

  check(): void {
    const { files, processes, threads } = this.#program;
    this.#checkSizes();
    for (const call of files) this.#checkCall(call, "files");
    for (const { setup } of processes) for (const call of setup) this.#checkCall(call, "process");
    for (const { owner, calls } of threads) {
      if (owner !== null && processes[owner] === undefined)
        this.#refuse(
          calls[0],
          `There is no process ${owner + 1}: write its section, with what it has mapped.`,
        );
      for (const call of calls) this.#checkCall(call, owner === null ? "kthread" : "thread");
    }
    for (const owner of processes.keys()) this.#checkProcess(owner);
    checkSetup(this.#program, this.#refuse);
  }

  #checkSizes(): void {
    const { geometry, threads, processes } = this.#program;
    const { ptesPerTable: ptes, pmdsPerMm: pmds } = geometry;
    if (!isWithin(ptes, 3, HPAGE_PMD_NR) || !isWithin(pmds, 2, 512))
      this.#refuse(undefined, `A world has 3 to 512 ptes and 2 to 512 pmds, not ${ptes} and ${pmds}.`);
    if (threads.length === 0 || threads.length > THREADS_MAX)
      this.#refuse(undefined, `A program has 1 to ${THREADS_MAX} threads, not ${threads.length}.`);
    if (processes.length > PROCESSES_MAX)
      this.#refuse(undefined, `A program has at most ${PROCESSES_MAX} processes, not ${processes.length}.`);
    for (const { name } of threads) {
      if (!/^[A-Za-z0-9][\w-]*$/.test(name) || name === "rcu")
        this.#refuse(undefined, `A thread cannot be named "${name}".`);
    }
    if (new Set(threads.map(({ name }) => name)).size < threads.length)
      this.#refuse(undefined, "Two threads have one name: give each a name of its own.");
  }

  #checkCall(call: Call, place: "files" | "process" | "thread" | "kthread"): void {
    const { name, args } = call;
    if (callNamed(name) === undefined) this.#refuse(undefined, `There is no call ${name}.`);
    const spec = specOf(name);
    if (!spec.places.includes(place)) this.#refuse(call, `${name} cannot stand in this section.`);
    if (args.length !== spec.args.length || args.some((arg) => !Number.isInteger(arg)))
      this.#refuse(call, `${name} takes ${spec.args.length} whole numbers.`);
    for (const [at, kind] of spec.args.entries()) this.#checkArgument(call, kind, args[at]!);
    if (name === "mmap") this.#checkMmap(call);
    if (name === "fallocate" && args[1] !== (FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
      this.#refuse(call, "Only FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE is modelled.");
    if (/COPY|ZEROPAGE|CONTINUE|POISON/.test(name) || ["load", "store", "pin_user_pages_fast"].includes(name))
      this.#needModelled(call, args[0]!);
    if (name === "kvm_page_fault") this.#needModelled(call, args[1]!);
    this.#checkRanges(call);
  }

  #checkArgument(call: Call, kind: ArgKind, value: number): void {
    const { geometry, processes } = this.#program;
    const pages = geometry.pmdsPerMm * SLOT_PAGES;
    const within = (least: number, most: number, what: string): void => {
      if (!isWithin(value, least, most))
        this.#refuse(call, `${what} must be ${least} to ${most}, not ${value}.`);
    };
    if (kind === "page" || kind === "slotPage")
      within(0, pages - 1, `The page, of ${geometry.pmdsPerMm} slots of 2 MiB,`);
    if (kind === "slotPage" && value % SLOT_PAGES !== 0)
      this.#refuse(call, "A huge page begins at a multiple of 0x200000.");
    if (kind === "pages") within(1, pages, "The number of pages");
    if (kind === "index") within(0, geometry.ptesPerTable - 1, "The page of the file");
    if (kind === "size") within(0, geometry.ptesPerTable, "The size of the file, in pages,");
    if (kind === "file") within(0, this.#files - 1, "The number of the file");
    if (kind === "fileOrNone") within(-1, this.#files - 1, "The number of the file");
    if (kind === "process") within(0, processes.length - 1, "The process");
    if (kind === "prot") within(1, 3, "PROT_READ|PROT_WRITE");
    if (kind === "registerModes") within(1, 7, "The modes");
    if (kind === "features" && value !== 0 && value !== 4)
      this.#refuse(call, "Only UFFD_FEATURE_EVENT_REMAP is modelled.");
    if (kind === "wpMode" || kind === "foll") within(0, 1, "The flags");
    if (kind === "value") within(0, 0x7fff_ffff, "The value");
  }

  #checkMmap(call: Call): void {
    const { prot: _prot, map, file } = area(call);
    const kind = map & (MAP_SHARED | MAP_PRIVATE);
    const place = map & (MAP_FIXED | MAP_FIXED_NOREPLACE);
    const isAnonymous = (map & MAP_ANONYMOUS) !== 0;
    if (kind !== MAP_SHARED && kind !== MAP_PRIVATE) this.#refuse(call, "Write MAP_SHARED or MAP_PRIVATE.");
    if (place !== MAP_FIXED && place !== MAP_FIXED_NOREPLACE)
      this.#refuse(call, "Addresses are always given: write MAP_FIXED or MAP_FIXED_NOREPLACE.");
    if ((kind | place | (map & MAP_ANONYMOUS)) !== map)
      this.#refuse(call, "There are flags that are not modelled.");
    if (isAnonymous !== file < 0)
      this.#refuse(call, "MAP_ANONYMOUS goes with 0xffffffffffffffff, and a file without it.");
    if (isAnonymous && kind === MAP_SHARED)
      this.#refuse(call, "Shared anonymous memory is a file of shmem: make one with memfd_create.");
  }

  #needModelled(call: Call, page: number): void {
    const { geometry } = this.#program;
    if (isModelled(geometry, page)) return;
    this.#refuse(
      call,
      `Of each 2 MiB only the first ${geometry.ptesPerTable} pages exist in this world: use one of those, or more ptes.`,
    );
  }

  /** Whether a range lies in the world. */
  #checkRanges(call: Call): void {
    const { geometry } = this.#program;
    for (const range of rangesOf(call)) {
      if (range.start + range.pages > geometry.pmdsPerMm * SLOT_PAGES)
        this.#refuse(
          call,
          `The range ends beyond the world, which has ${geometry.pmdsPerMm} slots of 2 MiB.`,
        );
    }
  }

  #checkProcess(owner: number): void {
    const { threads } = this.#program;
    const calls = callsOf(this.#program, owner);
    const areas = areasOf(calls);
    for (const one of areas) this.#checkArea(one);
    for (const call of calls) this.#checkWhole(call, areas);
    const own = threads.filter((thread) => thread.owner === owner);
    const exit = own.flatMap((thread) => thread.calls).find(({ name }) => name === "exit_group");
    if (exit !== undefined && (own.length > 1 || own[0]!.calls.at(-1) !== exit))
      this.#refuse(exit, "exit_group() is the last call of a process that has one thread.");
    if (
      calls.some(({ name }) => name.startsWith("ioctl$UFFDIO")) &&
      !calls.some(({ name }) => name === "userfaultfd")
    )
      this.#refuse(
        calls.find(({ name }) => name.startsWith("ioctl$UFFDIO")),
        `Process ${owner + 1} has no userfaultfd: write r1 = userfaultfd(0x0) in its section.`,
      );
  }

  /** A mapping of a file has no pages beyond those that the file has in this world. */
  #checkArea({ start, pages, file, pgoff, call }: Area): void {
    const { geometry } = this.#program;
    if (file < 0) return;
    for (let offset = 0; offset < Math.min(pages, SLOT_PAGES * geometry.pmdsPerMm); offset++) {
      if (isModelled(geometry, start + offset) && pgoff + offset >= geometry.ptesPerTable)
        this.#refuse(
          call,
          `The file has ${geometry.ptesPerTable} pages here, and the mapping would have page ${pgoff + offset} of it.`,
        );
    }
  }

  /** Mappings go, move and are registered whole. */
  #checkWhole(call: Call, areas: readonly Area[]): void {
    const { geometry } = this.#program;
    for (const range of wholeRangesOf(call)) {
      const cut = areas.find((one) => overlap(range, one) && !contains(range, one));
      if (cut !== undefined)
        this.#refuse(
          call,
          `This would split the mapping of ${cut.pages} pages at page ${cut.start}, which is not modelled: take it whole.`,
        );
    }
    if (call.name === "ioctl$UFFDIO_MOVE") this.#checkMove(call);
    if (call.name !== "mremap") return;
    const [start, pages, to] = call.args as [number, number, number];
    if (overlap({ start, pages }, { start: to, pages })) return; // EINVAL
    for (let offset = 0; offset < pages; offset++) {
      if (isModelled(geometry, start + offset) && !isModelled(geometry, to + offset))
        this.#refuse(
          call,
          `Page ${offset} of the mapping would come to where no entry exists in this world: use more ptes.`,
        );
    }
  }

  #checkMove(call: Call): void {
    const { geometry } = this.#program;
    const [dst, src, pages] = call.args as [number, number, number];
    if (overlap({ start: dst, pages }, { start: src, pages })) this.#refuse(call, "The two ranges overlap.");
    for (let offset = 0; offset < pages; offset++) {
      if (isModelled(geometry, src + offset) !== isModelled(geometry, dst + offset))
        this.#refuse(call, "Pages would come to, or from, where no entry exists in this world.");
    }
  }
}

function area(call: Call): { readonly prot: number; readonly map: number; readonly file: number } {
  const [, , prot, map, file] = call.args as [number, number, number, number, number, number];
  return { prot, map, file };
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

/** All ranges of pages that a call names. */
function rangesOf({ name, args }: Call): PageRange[] {
  const kinds = specOf(name).args;
  const at = kinds.indexOf("pages");
  if (at < 0 || name === "page_cache" || name === "fallocate") return [];
  return kinds.flatMap((kind, index) => (kind === "page" ? [{ start: args[index]!, pages: args[at]! }] : []));
}

/** Those of them that must not have a part of a mapping. */
function wholeRangesOf(call: Call): PageRange[] {
  const isWhole = ["mmap", "munmap", "mremap", "ioctl$UFFDIO_REGISTER", "ioctl$UFFDIO_UNREGISTER"];
  return isWhole.includes(call.name) ? rangesOf(call) : [];
}
