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
    const smaller = firstSmaller(smallest, stillFails);
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
}

function firstSmaller(program: Program, stillFails: (candidate: Program) => boolean): Program | undefined {
  for (const change of changes) {
    const found = change(program).find((candidate) => isRunnable(candidate) && stillFails(candidate));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All that are one change smaller, those with the largest change first. */
const changes: readonly ((program: Program) => readonly Program[])[] = [
  withoutOneThread,
  withoutOneCall,
  withoutSetup,
  withoutOneProcess,
  withoutOneFile,
  withSimplerArguments,
];

function without<T>(list: readonly T[], at: number): T[] {
  return list.filter((_, index) => index !== at);
}

function withoutOneThread(program: Program): Program[] {
  return program.threads.map((_, at) => ({ ...program, threads: without(program.threads, at) }));
}

function withoutOneCall(program: Program): Program[] {
  return program.threads.flatMap(({ calls }, at) =>
    calls.map((_, drop) => withCalls(program, { threads: at }, without(calls, drop))),
  );
}

function withoutSetup(program: Program): Program[] {
  const mappings = program.processes.flatMap(({ setup }, at) =>
    setup.map((_, drop) => withCalls(program, { processes: at }, without(setup, drop))),
  );
  const caches = program.files.flatMap(({ name }, drop) =>
    specOf(name).makes === undefined ? [{ ...program, files: without(program.files, drop) }] : [],
  );
  return [...mappings, ...caches];
}

function withoutOneProcess(program: Program): Program[] {
  return program.processes.flatMap((_, drop) => {
    if (program.threads.some(({ owner }) => owner === drop)) return [];
    const fewer = { ...program, processes: without(program.processes, drop) };
    const renumbered = renumber(fewer, ["process"], drop);
    if (renumbered === undefined) return [];
    const threads = renumbered.threads.map((thread) => ({
      ...thread,
      owner: thread.owner !== null && thread.owner > drop ? thread.owner - 1 : thread.owner,
    }));
    return [{ ...renumbered, threads }];
  });
}

function withoutOneFile(program: Program): Program[] {
  const makers = program.files.flatMap(({ name }, at) => (specOf(name).makes === "file" ? [at] : []));
  return makers.flatMap((at, number) => {
    const fewer = { ...program, files: without(program.files, at) };
    return renumber(fewer, ["file", "fileOrNone"], number) ?? [];
  });
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

function withSimplerArguments(program: Program): Program[] {
  return [
    ...program.threads.flatMap(({ calls }, at) =>
      simplerCalls(calls).map((simpler) => withCalls(program, { threads: at }, simpler)),
    ),
    ...program.processes.flatMap(({ setup }, at) =>
      simplerCalls(setup).map((simpler) => withCalls(program, { processes: at }, simpler)),
    ),
    ...simplerCalls(program.files).map((files) => ({ ...program, files })),
  ];
}

/** The calls with one argument of one of them simpler. */
function simplerCalls(calls: readonly Call[]): Call[][] {
  return calls.flatMap(({ name, args }, at) =>
    args.flatMap((arg, index) =>
      simplerArguments(specOf(name).args[index]!, arg).map((value) => {
        const changed = { name, args: args.map((one, place) => (place === index ? value : one)) };
        return calls.map((call, place) => (place === at ? changed : call));
      }),
    ),
  );
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
