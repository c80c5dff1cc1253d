/** Small programs that the matchers are tried on, and how to read what a matcher says. */

import {
  activeEngine,
  always,
  atEnd,
  Cell,
  cmpxchg,
  cpuRelax,
  defineProcedures,
  defineScenario,
  readOnce,
  sometimes,
  update,
  violate,
  writeOnce,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";

function* increment(counter: Cell<number>): Steps<void> {
  yield* writeOnce(counter, (yield* readOnce(counter)) + 1);
}

/** Two increments that are not atomic: six interleavings, four of which lose one; four classes, two of which do. */
export const lostUpdate: Scenario<Cell<number>> = defineScenario<Cell<number>>({
  name: "lost-update",
  setup: () => new Cell("counter", 0),
  threads: { a: increment, b: increment },
  properties: [atEnd("both increments count", (counter) => counter.value === 2)],
});

function* add(counter: Cell<number>): Steps<void> {
  yield* update(counter, (value) => value + 1);
}

/** The same with atomic additions: two interleavings, both right. Parameters and a variant, for texts. */
export const atomicUpdate: Scenario<Cell<number>> = defineScenario<Cell<number>>({
  name: "atomic-update",
  variant: "6.12",
  parameters: { counters: 1, wraps: false },
  setup: () => new Cell("counter", 0),
  threads: { a: add, b: add },
  properties: [atEnd("both increments count", (counter) => counter.value === 2)],
});

interface Flags {
  readonly a: Cell<boolean>;
  readonly b: Cell<boolean>;
  entered: number;
}

function entering(mine: "a" | "b", other: "a" | "b") {
  return function* (flags: Flags): Steps<void> {
    yield* writeOnce(flags[mine], true);
    if (!(yield* readOnce(flags[other]))) flags.entered++;
  };
}

/** Each raises a flag and enters if the other has none: right, unless stores wait in a buffer. */
export const raisedFlags: Scenario<Flags> = defineScenario<Flags>({
  name: "raised-flags",
  setup: () => ({ a: new Cell("a", false), b: new Cell("b", false), entered: 0 }),
  threads: { a: entering("a", "b"), b: entering("b", "a") },
  properties: [always("at most one enters", ({ entered }) => entered < 2)],
});

const WINNERS = Symbol("winners so far");

function win(name: string, other: string) {
  return function* (winner: Cell<string>): Steps<void> {
    if ((yield* cmpxchg(winner, "", name)) !== "") return;
    const engine = activeEngine();
    const winners = engine.remember(WINNERS, () => new Set<string>()).add(name);
    const finding = { oracle: "fixed winner", message: "somebody else has won elsewhere" };
    if (engine.given.includes(other)) violate(finding.oracle, finding.message);
    else if (winners.has(other)) engine.reportAside({ ...finding, given: [other] });
  };
}

/** Each execution is right by itself; that either thread can win shows only when executions are put together. */
export const fixedWinner: Scenario<Cell<string>> = defineScenario<Cell<string>>({
  name: "fixed-winner",
  setup: () => new Cell("winner", ""),
  threads: { a: win("a", "b"), b: win("b", "a") },
  properties: [],
});

interface Mailbox {
  readonly message: Cell<string>;
  readonly isSent: Cell<boolean>;
  seen: string;
}

const { send, receive } = defineProcedures({
  *send({ message, isSent }: Mailbox): Steps<void> {
    yield* writeOnce(message, "hello");
    yield* writeOnce(isSent, true);
  },
  *receive(box: Mailbox): Steps<void> {
    while (!(yield* readOnce(box.isSent))) yield* cpuRelax();
    box.seen = yield* readOnce(box.message);
  },
});

/** A message behind a flag. Without looking at the flag, the receiver can come too early. */
export const mailbox: Scenario<Mailbox> = defineScenario<Mailbox>({
  name: "mailbox",
  setup: () => ({ message: new Cell("message", ""), isSent: new Cell("is_sent", false), seen: "" }),
  threads: { sender: send, receiver: receive },
  properties: [
    atEnd("the message arrives", ({ seen }) => seen === "hello"),
    sometimes("the receiver is done", ({ seen }) => seen !== ""),
  ],
});

/** It is clean, but it claims to get where it never gets. */
export const idle: Scenario<Cell<number>> = defineScenario<Cell<number>>({
  ...atomicUpdate,
  name: "idle",
  properties: [sometimes("the counter is 3", (counter) => counter.value === 3)],
});

function busyUntil(stepsMax: number): Scenario<Cell<number>> {
  return defineScenario<Cell<number>>({
    name: "busy",
    stepsMax,
    setup: () => new Cell("counter", 0),
    threads: {
      *counts(counter) {
        for (;;) yield* writeOnce(counter, counter.value + 1);
      },
    },
    properties: [],
  });
}

/** One execution, which never ends by itself. */
export const busy: Scenario<Cell<number>> = busyUntil(200);

/** The same, with a step limit so high that it takes minutes to get there. */
export const busyForLong: Scenario<Cell<number>> = busyUntil(1e9);

/** `threads` threads that write one cell `writes` times each. Every order matters, so nothing can be left out. */
export function writers(threads: number, writes: number): Scenario<Cell<number>> {
  const body = function* (cell: Cell<number>): Steps<void> {
    for (let i = 0; i < writes; i++) yield* writeOnce(cell, i);
  };
  return defineScenario<Cell<number>>({
    name: "writers",
    setup: () => new Cell("cell", -1),
    threads: Object.fromEntries(Array.from({ length: threads }, (_, id) => [`t${id}`, body])),
    properties: [],
  });
}

/** A world that remembers how often it was built: what a careless `setup` does. Clean, or broken in its `bad`-th run. */
export function careless(bad = Infinity): Scenario<Cell<number>> {
  let builds = 0;
  return defineScenario<Cell<number>>({
    name: "careless",
    setup: () => new Cell("counter", builds++),
    threads: { a: add, b: add },
    properties: [atEnd("not that run", (counter) => counter.value - 2 < bad)],
  });
}

/** The text with which an expectation fails; it is an error if it does not. */
export function failureOf(expectation: () => void): string {
  try {
    expectation();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("The expectation passed.");
}

/** The token in a failure text. */
export function tokenIn(text: string): string {
  const token = /toReplay\("(mmr1\.[\w-]+)"\)$/.exec(text)?.[1];
  if (token === undefined) throw new Error(`No token ends this text:\n${text}`);
  return token;
}
