/** The smallest program that still shows something: threads go first, then calls, then what is set up, then arguments. */

import { SLOT_PAGES } from "./areas.ts";
import { specOf } from "./call-specs.ts";
import type { ArgKind } from "./call-spec.ts";
import { isRunnable } from "./generate.ts";
import type { Call, Program } from "./program.ts";

/**
 * Shrinks a program for as long as it still fails. Every candidate is one that the model can run. Deterministic, if
 * `stillFails` is.
 */
export function minimizeProgram(program: Program, stillFails: (candidate: Program) => boolean): Program {
  for (let smallest = program; ;) {
    const smaller = firstThat(
      candidatesOf(smallest),
      (candidate) => isRunnable(candidate) && stillFails(candidate),
    );
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
}

function firstThat<T>(candidates: Iterable<T>, holds: (candidate: T) => boolean): T | undefined {
  for (const candidate of candidates) if (holds(candidate)) return candidate;
  return undefined;
}

/** All that are one change smaller, those with the largest change first. */
function* candidatesOf(program: Program): Generator<Program> {
  yield* withoutOneThread(program);
  yield* withoutOneCall(program);
  yield* withoutSetup(program);
  yield* withoutOneProcess(program);
  yield* withoutOneFile(program);
  yield* withSimplerArguments(program);
}

function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, index) => index !== at);
}

function* withoutOneThread(program: Program): Generator<Program> {
  for (const at of program.threads.keys()) yield { ...program, threads: without(program.threads, at) };
}

function* withoutOneCall(program: Program): Generator<Program> {
  for (const [at, thread] of program.threads.entries()) {
    for (const drop of thread.calls.keys())
      yield withCalls(program, { threads: at }, without(thread.calls, drop));
  }
}

function* withoutSetup(program: Program): Generator<Program> {
  for (const [at, { setup }] of program.processes.entries()) {
    for (const drop of setup.keys()) yield withCalls(program, { processes: at }, without(setup, drop));
  }
  for (const [drop, { name }] of program.files.entries())
    if (specOf(name).makes === undefined) yield { ...program, files: without(program.files, drop) };
}

function* withoutOneProcess(program: Program): Generator<Program> {
  for (const drop of program.processes.keys()) {
    if (program.threads.some(({ owner }) => owner === drop)) continue;
    const renumbered = renumber(
      { ...program, processes: without(program.processes, drop) },
      ["process"],
      drop,
    );
    if (renumbered === undefined) continue;
    yield {
      ...renumbered,
      threads: renumbered.threads.map((thread) => ({
        ...thread,
        owner: thread.owner !== null && thread.owner > drop ? thread.owner - 1 : thread.owner,
      })),
    };
  }
}

function* withoutOneFile(program: Program): Generator<Program> {
  const makers = program.files.flatMap(({ name }, at) => (specOf(name).makes === "file" ? [at] : []));
  for (const [number, at] of makers.entries()) {
    const renumbered = renumber(
      { ...program, files: without(program.files, at) },
      ["file", "fileOrNone"],
      number,
    );
    if (renumbered !== undefined) yield renumbered;
  }
}

/** The program with the numbers above one lowered by one; nothing where somebody uses that one. */
function renumber(program: Program, kinds: readonly ArgKind[], gone: number): Program | undefined {
  let isUsed = false;
  const lower = (calls: readonly Call[]): Call[] =>
    calls.map(({ name, args }) => ({
      name,
      args: args.map((arg, at) => {
        if (!kinds.includes(specOf(name).args[at]!)) return arg;
        isUsed ||= arg === gone;
        return arg > gone ? arg - 1 : arg;
      }),
    }));
  const renumbered: Program = {
    ...program,
    files: lower(program.files),
    processes: program.processes.map(({ setup }) => ({ setup: lower(setup) })),
    threads: program.threads.map((thread) => ({ ...thread, calls: lower(thread.calls) })),
  };
  return isUsed ? undefined : renumbered;
}

function withCalls(
  program: Program,
  where: { readonly threads: number } | { readonly processes: number },
  calls: readonly Call[],
): Program {
  if ("threads" in where) {
    const threads = program.threads.map((one, at) => (at === where.threads ? { ...one, calls } : one));
    return { ...program, threads };
  }
  const processes = program.processes.map((one, at) => (at === where.processes ? { setup: calls } : one));
  return { ...program, processes };
}

function* withSimplerArguments(program: Program): Generator<Program> {
  for (const [at, { calls }] of program.threads.entries()) {
    for (const simpler of simplerCalls(calls)) yield withCalls(program, { threads: at }, simpler);
  }
  for (const [at, { setup }] of program.processes.entries()) {
    for (const simpler of simplerCalls(setup)) yield withCalls(program, { processes: at }, simpler);
  }
  for (const files of simplerCalls(program.files)) yield { ...program, files };
}

function* simplerCalls(calls: readonly Call[]): Generator<Call[]> {
  for (const [at, { name, args }] of calls.entries()) {
    for (const [index, arg] of args.entries()) {
      for (const simpler of simplerArguments(specOf(name).args[index]!, arg)) {
        const changed = { name, args: args.map((one, place) => (place === index ? simpler : one)) };
        yield calls.map((call, place) => (place === at ? changed : call));
      }
    }
  }
}

/** Smaller values that mean less: fewer modes, fewer pages, the first page. */
function simplerArguments(kind: ArgKind, arg: number): readonly number[] {
  return simpler[kind]?.(arg) ?? [];
}

function withoutOneBit(arg: number): readonly number[] {
  return [1, 2, 4].filter((bit) => (arg & bit) !== 0 && arg !== bit).map((bit) => arg & ~bit);
}

function lower(arg: number): readonly number[] {
  return arg > 0 ? [0, arg - 1] : [];
}

const simpler: Readonly<Partial<Record<ArgKind, (arg: number) => readonly number[]>>> = {
  value: (arg) => (arg > 1 ? [1] : []),
  registerModes: withoutOneBit,
  pages: (arg) => (arg > 1 && arg < SLOT_PAGES ? [1, arg - 1] : []),
  size: lower,
  index: lower,
};
