/** Sequence counters: readers see pairs that belong together, if they ask whether to read again. */

import {
  Lockdep,
  readSeqbegin,
  readSeqcountBegin,
  readSeqcountRetry,
  readSeqretry,
  SeqCount,
  SeqLock,
  SpinLock,
  spinLock,
  spinUnlock,
  writeSeqcountBegin,
  writeSeqcountEnd,
  writeSeqlock,
  writeSequnlock,
} from "@mmrace/locks";
import {
  Cell,
  defineScenario,
  exhaustive,
  parseAblation,
  readOnce,
  violate,
  without,
  writeOnce,
  type MemoryModel,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { agreed, verdictOf } from "../searches.ts";

class World {
  readonly lockdep = new Lockdep();
  readonly seqlock = new SeqLock(this.lockdep, "pair");
  readonly lock = new SpinLock(this.lockdep, "lock");
  readonly seq = new SeqCount(this.lockdep, "seq", this.lock);
  readonly bare = new SeqCount(this.lockdep, "bare");
  readonly a = new Cell("a", 0);
  readonly b = new Cell("b", 0);
  readonly log: string[] = [];
}

type Body = (w: World) => Steps<void>;

function scenarioOf(threads: Readonly<Record<string, Body>>): Scenario<World> {
  return defineScenario<World>({ name: "seqcount", setup: () => new World(), threads, properties: [] });
}

function* reader(w: World): Steps<void> {
  let pair: string;
  let start: number;
  do {
    start = yield* readSeqbegin(w.seqlock);
    pair = `${yield* readOnce(w.a)}${yield* readOnce(w.b)}`;
  } while (yield* readSeqretry(w.seqlock, start));
  w.log.push(pair);
}

const writer = (value: number): Body =>
  function* (w) {
    yield* writeSeqlock(w.seqlock);
    yield* writeOnce(w.a, value);
    yield* writeOnce(w.b, value);
    yield* writeSequnlock(w.seqlock);
  };

const pairs = scenarioOf({ reader, writer: writer(1) });
const MODELS: readonly MemoryModel[] = ["sc", "tso"];

describe.each(MODELS)("under %s", (memory) => {
  test("a reader sees the old pair or the new one, though nobody executes a barrier between counter and data", () => {
    expect(agreed(pairs, memory).endings).toEqual(new Set(["00", "11"]));
  });

  test("without its question at the end, also a torn one", () => {
    const ablations = [parseAblation("reader/read_seqretry/pair_seq=false")];
    const { endings } = agreed(pairs, memory, { ablations });
    expect(endings).toEqual(new Set(["00", "01", "10", "11"]));
  });

  test("where the writer leaves the counter alone, too", () => {
    const ablations = ["begin", "end"].map((end) => without.site(`writer/write_seqcount_${end}/pair_seq`));
    expect(agreed(pairs, memory, { ablations }).endings).toContain("01");
  });

  test("two writers, one after the other", () => {
    const scenario = scenarioOf({ reader, writer: writer(1), other: writer(2) });
    expect(agreed(scenario, memory, { isSmall: false }).endings).toEqual(new Set(["00", "11", "22"]));
  });
});

describe("exact counts", () => {
  /** A counter without a lock, and a reader that tries once. */
  const bare = scenarioOf({
    *attempt(w) {
      const start = yield* readSeqcountBegin(w.bare);
      const [a, b] = [yield* readOnce(w.a), yield* readOnce(w.b)];
      if (yield* readSeqcountRetry(w.bare, start)) return;
      if (a === b) w.log.push(String(a));
      else violate("torn pair", `attempt saw ${a} and ${b}`);
    },
    *writer(w) {
      yield* writeSeqcountBegin(w.bare);
      yield* writeOnce(w.a, 1);
      yield* writeOnce(w.b, 1);
      yield* writeSeqcountEnd(w.bare);
    },
  });
  const torn = [parseAblation("attempt/read_seqcount_retry/bare=false")];

  // The writer's six steps are load, odd, a, b, load, even. The reader can begin after 0, 1 or 6 of them; its other
  // three steps come in order from there: C(9,3) + C(8,3) + 1.
  test("every interleaving of an attempt and a writer", () => {
    expect(verdictOf(bare, exhaustive())).toMatchObject({ executions: 141, wrong: 0 });
  });

  // Old a, new b: a read after at most 2 steps, b and the question after 4 to 6: (3 + 2) * 6. New a, old b: both after
  // 3, the question after 3 to 6, for each of two begins: 8.
  test("without the question", () => {
    expect(verdictOf(bare, exhaustive(), "sc", torn)).toMatchObject({ executions: 141, wrong: 38 });
  });

  test("with store buffers, where every interleaving can be run", () => {
    const good = agreed(bare, "tso", { isSmall: true });
    expect([good.wrong, good.endings]).toEqual([0, new Set(["", "0", "1"])]);
    expect(agreed(bare, "tso", { isSmall: true, ablations: torn }).endings).toEqual(
      new Set(["0", "1", "torn pair: attempt saw 0 and 1", "torn pair: attempt saw 1 and 0"]),
    );
  });
});

describe("misuse", () => {
  const complaints = (body: Body): readonly string[] => [...agreed(scenarioOf({ body }), "tso").endings];

  test("writing without the counter's lock", () => {
    const body: Body = (w) => writeSeqcountBegin(w.seq);
    expect(complaints(body)).toEqual(["lock protocol: body relies on lock, which it does not hold"]);
  });

  test("ending what was not begun", () => {
    const body: Body = (w) => writeSeqcountEnd(w.seq);
    expect(complaints(body)).toEqual(["lock protocol: body releases seq, which it does not hold"]);
  });

  test("reading inside the own write section", () => {
    const body: Body = function* (w) {
      yield* spinLock(w.lock);
      yield* writeSeqcountBegin(w.seq);
      yield* readSeqcountBegin(w.seq);
      yield* spinUnlock(w.lock);
    };
    expect(complaints(body)).toEqual(["lock protocol: body takes seq while it holds seq of the same class"]);
  });
});
