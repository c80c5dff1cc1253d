/** Programs from other programs. */

import type { Prng } from "@mmrace/scheduler";
import { happens, oneOf } from "./draws.ts";
import { drawCall, redrawArgument, surroundingsOf } from "./generate-calls.ts";
import { isRunnable, threadName } from "./generate.ts";
import { packProgram } from "./pack.ts";
import type { Call, Program, ProgramThread } from "./program.ts";

/** Changes that are tried before a program is given back as it was. */
const ATTEMPTS = 40;
const THREADS_MAX = 4;
const CALLS_MAX = 6;

/** One change; it need not fit. */
type Change = (prng: Prng, program: Program) => Program;

/** The same program with one to three changes that leave one that the model can run. */
export function mutateProgram(prng: Prng, program: Program): Program {
  let mutated = program;
  for (let wanted = 1 + prng.below(3), left = ATTEMPTS; wanted > 0 && left > 0; left--) {
    const changed = oneOf(prng, CHANGES)(prng, mutated);
    if (packProgram(changed) === packProgram(mutated) || !isRunnable(changed)) continue;
    mutated = changed;
    wanted--;
  }
  return mutated;
}

/** The layout of the first, and threads of both as far as they fit. */
export function spliceProgram(prng: Prng, layout: Program, other: Program): Program {
  const kept = layout.threads.filter(() => happens(prng, 2, 3));
  let spliced: Program = { ...layout, threads: kept.length > 0 ? kept : [oneOf(prng, layout.threads)] };
  for (const thread of other.threads) {
    if (spliced.threads.length >= THREADS_MAX || !happens(prng, 2, 3)) continue;
    spliced = takeOver(spliced, thread);
  }
  return spliced;
}

/** Adds those calls of a thread that fit. */
function takeOver(program: Program, { owner, calls }: ProgramThread): Program {
  if (owner !== null && program.processes[owner] === undefined) return program;
  const withCalls = (some: readonly Call[]): Program => ({
    ...program,
    threads: [...program.threads, { name: freeName(program, owner), owner, calls: some }],
  });
  const fitting: Call[] = [];
  for (const call of calls) if (isRunnable(withCalls([...fitting, call]))) fitting.push(call);
  return fitting.length === 0 ? program : withCalls(fitting);
}

/** A name that no thread has. */
function freeName({ threads }: Program, owner: number | null): string {
  for (let at = 0; ; at++) {
    const name = threadName(owner, at);
    if (threads.every((thread) => thread.name !== name)) return name;
  }
}

function withThread(program: Program, at: number, calls: readonly Call[]): Program {
  return {
    ...program,
    threads: program.threads.map((thread, index) => (index === at ? { ...thread, calls } : thread)),
  };
}

function insertCall(prng: Prng, program: Program): Program {
  const at = prng.below(program.threads.length);
  const { owner, calls } = program.threads[at]!;
  if (calls.length >= CALLS_MAX) return program;
  const around = surroundingsOf(program, owner ?? 0);
  const call = drawCall(prng, around, owner === null ? "kthread" : "thread");
  const where = prng.below(calls.length + 1);
  return withThread(program, at, [...calls.slice(0, where), call, ...calls.slice(where)]);
}

function dropCall(prng: Prng, program: Program): Program {
  const at = prng.below(program.threads.length);
  const { calls } = program.threads[at]!;
  if (calls.length < 2) return program;
  const drop = prng.below(calls.length);
  return withThread(
    program,
    at,
    calls.filter((_, index) => index !== drop),
  );
}

function changeArgument(prng: Prng, program: Program): Program {
  const at = prng.below(program.threads.length);
  const { owner, calls } = program.threads[at]!;
  if (calls.length === 0) return program;
  const which = prng.below(calls.length);
  const around = surroundingsOf(program, owner ?? 0);
  const changed = redrawArgument(prng, around, calls[which]!);
  return withThread(
    program,
    at,
    calls.map((call, index) => (index === which ? changed : call)),
  );
}

function swapCalls(prng: Prng, program: Program): Program {
  const at = prng.below(program.threads.length);
  const { calls } = program.threads[at]!;
  if (calls.length < 2) return program;
  const first = prng.below(calls.length - 1);
  return withThread(program, at, [
    ...calls.slice(0, first),
    calls[first + 1]!,
    calls[first]!,
    ...calls.slice(first + 2),
  ]);
}

function copyThread(prng: Prng, program: Program): Program {
  if (program.threads.length >= THREADS_MAX) return program;
  const { owner, calls } = oneOf(prng, program.threads);
  return { ...program, threads: [...program.threads, { name: freeName(program, owner), owner, calls }] };
}

function newThread(prng: Prng, program: Program): Program {
  if (program.threads.length >= THREADS_MAX) return program;
  const owner = happens(prng, 1, 3) ? null : prng.below(Math.max(1, program.processes.length));
  const call = drawCall(prng, surroundingsOf(program, owner ?? 0), owner === null ? "kthread" : "thread");
  return {
    ...program,
    threads: [...program.threads, { name: freeName(program, owner), owner, calls: [call] }],
  };
}

function dropThread(prng: Prng, program: Program): Program {
  if (program.threads.length < 3) return program;
  const drop = prng.below(program.threads.length);
  return { ...program, threads: program.threads.filter((_, index) => index !== drop) };
}

/** Changes a set-up: another argument, a call more, a call less. */
function changeSetup(prng: Prng, program: Program): Program {
  if (program.processes.length === 0) return program;
  const owner = prng.below(program.processes.length);
  const { setup } = program.processes[owner]!;
  const around = surroundingsOf(program, owner);
  const which = prng.below(Math.max(1, setup.length));
  const how = prng.below(3);
  const changed =
    how === 0
      ? [...setup, drawCall(prng, around, "process")]
      : how === 1
        ? setup.filter((_, at) => at !== which)
        : setup.map((call, at) => (at === which ? redrawArgument(prng, around, call) : call));
  return {
    ...program,
    processes: program.processes.map((one, at) => (at === owner ? { setup: changed } : one)),
  };
}

/** Those that are drawn more often stand there more often. */
const CHANGES: readonly Change[] = [
  insertCall,
  insertCall,
  insertCall,
  dropCall,
  changeArgument,
  changeArgument,
  changeArgument,
  swapCalls,
  copyThread,
  newThread,
  dropThread,
  changeSetup,
  changeSetup,
];
