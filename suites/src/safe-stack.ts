/**
 * Vyukov's SafeStack, as SCTBench has it: a lock-free stack of array indices. A thread that pops takes the link of the top
 * element away before it moves the head, so that nobody else pops it meanwhile; a counter keeps the last element from
 * being popped. Three threads that pop, use and push an element twice can come to own the same one, but not easily: the
 * study reports that five preemptions are needed.
 */

import { cmpxchg, cpuRelax, Operation, readOnce, update, writeOnce, type Cell } from "@mmrace/scheduler";
import type { OperationKind, Steps } from "@mmrace/scheduler";
import { lock, unlock } from "./mutex.ts";
import { program, times, type Body, type Expected, type Memory, type Program } from "./program.ts";

/** What the programs of the family differ in. */
export interface SafeStack {
  /** Also the number of elements. */
  readonly threads: number;
  /** How often each thread pops, uses and pushes. */
  readonly rounds: number;
  /** The twin without the bug: pop and push are critical sections of one mutex. */
  readonly isLocked: boolean;
}

const NO_LINK = -1;

/** An exchange that finds no link changes nothing, and so only reads: threads that spin on it do not wake each other. */
const takeLinkKind: OperationKind<Cell<number>, void, number> = {
  name: "xchg",
  access: "write",
  accessNow: ({ value }) => (value === NO_LINK ? "read" : "write"),
  isIndispensable: true,
  perform: (cell) => {
    const link = cell.value;
    cell.value = NO_LINK;
    return link;
  },
};

/** The program of a shape. */
export function safeStack(
  id: string,
  { threads, rounds, isLocked }: SafeStack,
  expected: Expected,
): Program<Memory> {
  const elements = Array.from({ length: threads }, (_, at) => at);
  const links = elements.map((at) => [`next ${at}`, at + 1 < threads ? at + 1 : NO_LINK] as const);
  const users = elements.map((at) => [`user ${at}`, 0] as const);
  return program({
    id,
    cells: { head: 0, count: threads, ...Object.fromEntries([...links, ...users]) },
    mutexes: ["m"],
    threads: times(threads, (number) => user(number, rounds, isLocked)),
    expected,
  });
}

function user(number: number, rounds: number, isLocked: boolean): Body {
  return function* (memory) {
    for (let round = 0; round < rounds; round++) {
      const element = yield* pop(memory, isLocked);
      yield* writeOnce(memory.at(`user ${element}`), number);
      if ((yield* readOnce(memory.at(`user ${element}`))) !== number) memory.wrong = "two own one element";
      if (isLocked) yield* lock(memory.mutex("m"));
      yield* push(memory, element);
      if (isLocked) yield* unlock(memory.mutex("m"));
    }
  };
}

function* pop(memory: Memory, isLocked: boolean): Steps<number> {
  for (;;) {
    if (isLocked) yield* lock(memory.mutex("m"));
    const element = yield* tryPop(memory);
    if (isLocked) yield* unlock(memory.mutex("m"));
    if (element !== undefined) return element;
    yield* cpuRelax();
  }
}

/** One round of the loop in the original's pop; that of its caller does the rest. */
function* tryPop(memory: Memory): Steps<number | undefined> {
  if ((yield* readOnce(memory.at("count"))) <= 1) return undefined;
  const top = yield* readOnce(memory.at("head"));
  const link = yield* Operation.of(takeLinkKind, memory.at(`next ${top}`), undefined);
  if (link === NO_LINK) return undefined;
  if ((yield* cmpxchg(memory.at("head"), top, link)) === top) {
    yield* update(memory.at("count"), (count) => count - 1);
    return top;
  }
  yield* writeOnce(memory.at(`next ${top}`), link);
  return undefined;
}

function* push(memory: Memory, element: number): Steps<void> {
  let top = yield* readOnce(memory.at("head"));
  for (;;) {
    yield* writeOnce(memory.at(`next ${element}`), top);
    const found = yield* cmpxchg(memory.at("head"), top, element);
    if (found === top) break;
    top = found;
  }
  yield* update(memory.at("count"), (count) => count + 1);
}
