/** The memory model tso: what barriers are good for, and how its findings are shown. */

import {
  always,
  atEnd,
  Cell,
  columnsText,
  cpuRelax,
  decodeToken,
  defineScenario,
  dpor,
  exhaustive,
  explore,
  Lifetime,
  Operation,
  readOnce,
  recordTrace,
  replayToken,
  SharedObject,
  smpLoadAcquire,
  smpRmb,
  smpStoreMb,
  smpStoreRelease,
  smpWmb,
  writeOnce,
  xchg,
  type OperationKind,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { Memory, program, searches } from "../tso-programs.ts";

/** Peterson's lock. Exclusive under sc; under tso only with a barrier between announcing oneself and looking. */
function peterson(lastStore: (cell: Cell<number>, value: number) => Operation<void>): Scenario<Peterson> {
  const body = (me: 0 | 1) =>
    function* (w: Peterson): Steps<void> {
      yield* writeOnce(w.wants[me], 1);
      yield* lastStore(w.turn, 1 - me);
      while ((yield* readOnce(w.wants[1 - me]!)) === 1 && (yield* readOnce(w.turn)) !== me) yield* cpuRelax();
      w.inside++;
      yield* readOnce(w.counter);
      w.inside--;
      yield* writeOnce(w.wants[me], 0);
    };
  return defineScenario<Peterson>({
    name: "peterson",
    setup: () => new Peterson(),
    threads: { t0: body(0), t1: body(1) },
    properties: [always("one at a time", ({ inside }) => inside <= 1)],
  });
}

class Peterson {
  readonly wants = [new Cell("wants", 0), new Cell("wants", 0)] as const;
  readonly turn = new Cell("turn", 0);
  readonly counter = new Cell("counter", 0);
  inside = 0;
}

describe("barriers", () => {
  test.each(["sc", "tso"] as const)("Peterson's lock with a full barrier excludes under %s", (memory) => {
    expectNoViolation(
      explore(peterson(smpStoreMb), exhaustive({ reduction: "sleep-sets" }), { memory, stopAtFirst: false }),
    );
  });

  test("without, it excludes under sc and not under tso", () => {
    const search = exhaustive({ reduction: "sleep-sets" });
    expectNoViolation(explore(peterson(writeOnce), search, { stopAtFirst: false }));
    const again = exhaustive({ reduction: "sleep-sets" });
    expectViolation(explore(peterson(smpStoreRelease), again, { memory: "tso" }), "one at a time");
  });

  test("a message needs none on x86: release, acquire, smp_wmb and smp_rmb are free", () => {
    const scenario = defineScenario<Memory>({
      name: "message",
      setup: () => new Memory(),
      threads: {
        *sender({ cells: [x, y] }) {
          yield* writeOnce(x!, 1);
          yield* smpWmb();
          yield* smpStoreRelease(y!, 1);
        },
        *receiver({ cells: [x, y], seen }) {
          if ((yield* smpLoadAcquire(y!)) === 0) return;
          yield* smpRmb();
          seen[0]!.push(yield* readOnce(x!));
        },
      },
      properties: [atEnd("the message is whole", ({ seen }) => !seen[0]!.includes(0))],
    });
    for (const strategy of searches())
      expectNoViolation(explore(scenario, strategy, { memory: "tso", stopAtFirst: false }));
  });
});

describe("findings", () => {
  const bothZero = { ...program(["x=1 y", "y=1 x"]), properties: [atEnd("one sees the other", isSeen)] };
  function isSeen({ seen }: Memory): boolean {
    return seen[0]![0] === 1 || seen[1]![0] === 1;
  }

  test("a drain preempts nobody: the least bound finds what buffers do", () => {
    const found = expectViolation(
      explore(bothZero, exhaustive({ preemptionsMax: 0 }), { memory: "tso" }),
      "one sees the other",
    );
    expect(found.preemptions).toBe(0);
    expectNoViolation(explore(bothZero, exhaustive()));
  });

  test("a token says that it is about tso, and replays", () => {
    const found = expectViolation(explore(bothZero, dpor(), { memory: "tso" }), "one sees the other");
    const content = decodeToken(found.token);
    expect(content.memory).toBe("tso");
    expect(replayToken(bothZero, content)).toMatchObject({ kind: "reproduced", violation: found });
    expect(replayToken(bothZero, { ...content, memory: "sc" }).kind).toBe("diverged");
  });

  test("a store that reaches memory stands in the column of its thread", () => {
    const trace = recordTrace(program(["x=1", "x"]), Uint8Array.of(0, 0, 1, 0, 2, 0), { memory: "tso" });
    expect(columnsText(trace, { columnWidth: 32 }).split("\n")).toEqual([
      "CPU0 t0                          | CPU1 t1",
      "---------------------------------+---------------------------------",
      "WRITE_ONCE(x, 1)                 |",
      "                                 | READ_ONCE(x) = 0",
      "WRITE_ONCE(x, 1) reaches memory  |",
    ]);
  });

  test("a store that reaches freed memory is a use after free", () => {
    const freeKind: OperationKind<Lifetime, void, void> = {
      name: "free",
      access: "write",
      perform: (lifetime) => lifetime.end(),
    };
    const scenario = defineScenario<{ block: Lifetime; field: Cell<number>; flag: Cell<number> }>({
      name: "late store",
      setup: () => {
        const block = new Lifetime("block", "block", "use-after-free");
        return { block, field: new Cell("field", 0, { lifetime: block }), flag: new Cell("flag", 0) };
      },
      threads: {
        *writer({ field, flag }) {
          yield* writeOnce(field, 1);
          yield* xchg(flag, 1);
        },
        *freer({ block, flag }) {
          if ((yield* readOnce(flag)) === 1) yield* Operation.of(freeKind, block, undefined);
        },
      },
      properties: [],
    });
    expectNoViolation(explore(scenario, dpor(), { memory: "tso", stopAtFirst: false }));
    const careless: typeof scenario = {
      ...scenario,
      threads: {
        ...scenario.threads,
        *writer({ field, flag }) {
          yield* readOnce(field);
          yield* writeOnce(flag, 1);
          yield* writeOnce(field, 1);
        },
      },
    };
    for (const strategy of searches())
      expectViolation(explore(careless, strategy, { memory: "tso", stopAtFirst: false }), "use-after-free");
  });

  test("too many threads for their buffers", () => {
    const body = function* (): Steps<void> {};
    const scenario = defineScenario<object>({
      name: "crowd",
      setup: () => ({}),
      threads: Object.fromEntries(Array.from({ length: 130 }, (_, at) => [`t${at}`, body])),
      properties: [],
    });
    expectNoViolation(explore(scenario, exhaustive()));
    expect(() => explore(scenario, exhaustive(), { memory: "tso" })).toThrow(
      /need 130 store buffers; together at most 256/,
    );
  });
});

test("a load that cannot look into the buffer waits until its own store is out", () => {
  class Pair extends SharedObject {
    values: [number, number] = [0, 0];
  }
  const setKind: OperationKind<Pair, readonly [0 | 1, number], void> = {
    name: "set",
    access: "write",
    order: "store",
    perform: (pair, [at, value]) => void (pair.values[at] = value),
  };
  const sumKind: OperationKind<Pair, void, number> = {
    name: "sum",
    access: "read",
    perform: ({ values }) => values[0] + values[1],
  };
  const sums = new Set<number>();
  const scenario = defineScenario<{ pair: Pair }>({
    name: "pair",
    setup: () => ({ pair: new Pair("pair") }),
    threads: {
      *a({ pair }) {
        yield* Operation.of(setKind, pair, [0, 1] as const);
        sums.add(yield* Operation.of(sumKind, pair, undefined));
      },
      *b({ pair }) {
        yield* Operation.of(setKind, pair, [1, 2] as const);
      },
    },
    properties: [],
  });
  for (const strategy of searches()) {
    sums.clear();
    expectNoViolation(explore(scenario, strategy, { memory: "tso" }));
    expect(sums).toEqual(new Set([1, 3]));
  }
});
