/** Programs from nothing but a seeded generator. */

import type { Prng } from "@mmrace/scheduler";
import { SMALL, type Geometry } from "../state/geometry.ts";
import { SLOT_PAGES, type PageRange } from "./areas.ts";
import { checkProgram } from "./check.ts";
import { specOf } from "./call-specs.ts";
import { MAP_FIXED, MAP_FIXED_NOREPLACE } from "./constants.ts";
import { between, happens, oneOf } from "./draws.ts";
import { drawArguments, drawCall, surroundingsOf } from "./generate-calls.ts";
import { ProgramError } from "./program-error.ts";
import type { Call, Program, ProgramThread } from "./program.ts";

/** How large generated programs may be. */
export interface GenerateOptions {
  /** Sizes of the world. Default: 4 entries in each table, 2 slots. */
  readonly geometry?: Geometry;
  /** Threads, at least 2. Default 3. */
  readonly threadsMax?: number;
  /** Calls of each thread. Default 2. */
  readonly callsMax?: number;
}

/** Attempts at a call that fits before a program does without it. */
const ATTEMPTS = 30;

/**
 * A program that the model can run, whatever the schedule: files with pages in the cache, one or two processes with mappings,
 * 2 to `threadsMax` threads. Equal generators make equal programs.
 */
export function generateProgram(prng: Prng, options: GenerateOptions = {}): Program {
  const { geometry = SMALL, threadsMax = 3, callsMax = 2 } = options;
  const files = drawFiles(prng, geometry);
  let program: Program = { geometry, files, processes: [], threads: [] };
  const places = [drawPlaces(prng, geometry), drawPlaces(prng, geometry)];
  const processes = files.length > 0 && happens(prng, 1, 4) ? 2 : 1;
  for (let owner = 0; owner < processes; owner++) program = addProcess(prng, program, owner, places[owner]!);
  const threads = between(prng, 2, Math.max(2, threadsMax));
  for (let at = 0; at < threads; at++) program = addThread(prng, program, at, callsMax, places);
  return program;
}

/** Whether the model can run it. */
export function isRunnable(program: Program): boolean {
  try {
    checkProgram(program);
    return true;
  } catch (error) {
    if (error instanceof ProgramError) return false;
    throw error;
  }
}

/** Any thread will do where a set-up is tried out. */
const IDLE: ProgramThread = { name: "idle", owner: null, calls: [] };

function fits(program: Program): boolean {
  return isRunnable(program.threads.length === 0 ? { ...program, threads: [IDLE] } : program);
}

function drawFiles(prng: Prng, { ptesPerTable }: Geometry): readonly Call[] {
  const files: Call[] = [];
  const count = oneOf(prng, [0, 1, 1, 1, 1, 2]);
  for (let file = 0; file < count; file++) {
    files.push({ name: happens(prng, 1, 6) ? "open" : "memfd_create", args: [] });
    const how = prng.below(4);
    if (how === 0) files.push({ name: "page_cache_huge", args: [file] });
    else if (how > 1) {
      const first = happens(prng, 3, 4) ? 0 : prng.below(ptesPerTable);
      files.push({ name: "page_cache", args: [file, first, between(prng, 1, ptesPerTable - first)] });
    }
  }
  return files;
}

/** Where mappings lie, so that none is ever cut: whole slots, or pieces of a few pages. */
function drawPlaces(prng: Prng, { ptesPerTable, pmdsPerMm }: Geometry): readonly PageRange[] {
  const half = Math.ceil(ptesPerTable / 2);
  return Array.from({ length: pmdsPerMm }, (_, slot) => slot * SLOT_PAGES).flatMap((start) =>
    happens(prng, 3, 4)
      ? [{ start, pages: SLOT_PAGES }]
      : [
          { start, pages: half },
          { start: start + half, pages: ptesPerTable - half },
        ],
  );
}

function addProcess(prng: Prng, program: Program, owner: number, places: readonly PageRange[]): Program {
  const setup: Call[] = [{ name: "userfaultfd", args: [] }];
  const withSetup = (calls: readonly Call[]): Program => ({
    ...program,
    processes: [...program.processes, { setup: calls }],
  });
  const tryToAdd = (call: Call): void => {
    if (fits(withSetup([...setup, call]))) setup.push(call);
  };
  if (happens(prng, 1, 4)) tryToAdd({ name: "ioctl$UFFDIO_API", args: [4] });
  for (const place of places) {
    if (setup.some(({ name }) => name === "mmap") && happens(prng, 1, 3)) continue;
    const { name, args } = drawArguments(prng, { program, owner, areas: [place] }, "mmap");
    tryToAdd({
      name,
      args: args.map((arg, at) => (at === 3 ? (arg & ~MAP_FIXED_NOREPLACE) | MAP_FIXED : arg)),
    });
    const around = surroundingsOf(withSetup(setup), owner);
    if (happens(prng, 2, 5))
      tryToAdd(drawArguments(prng, { ...around, areas: [place] }, "ioctl$UFFDIO_REGISTER"));
    const how = oneOf(prng, ["populate", "populate", "populate", "page_table", "populate_huge"] as const);
    for (let left = between(prng, 0, 2); left > 0; left--)
      tryToAdd(drawArguments(prng, { ...around, areas: [place] }, how));
    if (happens(prng, 1, 8)) tryToAdd(drawArguments(prng, { ...around, areas: [place] }, "pte_marker"));
  }
  return withSetup(setup);
}

function addThread(
  prng: Prng,
  program: Program,
  at: number,
  callsMax: number,
  places: readonly (readonly PageRange[])[],
): Program {
  const isKernels = happens(prng, program.files.length > 0 ? 2 : 1, 5);
  const owner = isKernels ? null : prng.below(program.processes.length);
  const calls: Call[] = [];
  const withCalls = (some: readonly Call[]): Program => ({
    ...program,
    threads: [...program.threads, { name: threadName(owner, at), owner, calls: some }],
  });
  const wanted = between(prng, 1, callsMax);
  for (let left = ATTEMPTS; left > 0 && calls.length < wanted; left--) {
    const around = surroundingsOf(withCalls(calls), owner ?? 0, places[owner ?? 0]);
    const call = drawCall(prng, around, isKernels ? "kthread" : "thread");
    if (fits(withCalls([...calls, call]))) calls.push(call);
  }
  return withCalls(calls);
}

/** A name that tells threads of the kernel from others. */
export function threadName(owner: number | null, at: number): string {
  return `${owner === null ? "k" : "t"}${at}`;
}

/** How many files a program has. */
export function fileCount({ files }: Program): number {
  return files.filter(({ name }) => specOf(name).makes === "file").length;
}
