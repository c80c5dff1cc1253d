/**
 * Random programs of stores, accesses, fills, evictions and flushes on a small machine. With a flush after every
 * store the caches must be invisible; without, what they show must once have been true.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ACCESSED,
  accessThroughCaches,
  commitUpdates,
  invlpg,
  invpcidAll,
  LINUX_CONTROLS,
  mkTable,
  NONE_ENTRY,
  RW,
  SparseMemory,
  speculativeFill,
  TranslationCaches,
  USER,
  virtualPage,
  walk,
  type Access,
  type Entry,
} from "../../src/index.ts";
import { largePage, page } from "../entries.ts";

const SPACE = { rootFrame: 1, pcid: 0 };
/** Four pages: two under each of two PDEs. */
const ADDRESSES = [0x40_0000n, 0x40_1000n, 0x60_0000n, 0x60_1000n] as const;

/** The slots that programs store to, and the values they may store there. */
const PTES: readonly Entry[] = [NONE_ENTRY, page(0x34, USER), page(0x35, RW | USER), page(0x36, RW)];
const PDES: readonly Entry[] = [
  NONE_ENTRY,
  mkTable(4),
  { lo: mkTable(5).lo & ~(RW | ACCESSED), hi: 0 },
  largePage(0x200, RW | USER),
];

type Action =
  | { readonly do: "store"; readonly frame: number; readonly index: number; readonly value: Entry }
  | { readonly do: "access"; readonly va: bigint; readonly access: Access; readonly start: 0 | "none" }
  | { readonly do: "fill"; readonly va: bigint; readonly fragment: boolean }
  | { readonly do: "evict"; readonly which: number };

const store = fc.oneof(
  fc.record({
    do: fc.constant("store" as const),
    frame: fc.constantFrom(4, 5),
    index: fc.constantFrom(0, 1),
    value: fc.constantFrom(...PTES),
  }),
  fc.record({
    do: fc.constant("store" as const),
    frame: fc.constant(3),
    index: fc.constantFrom(2, 3),
    value: fc.constantFrom(...PDES),
  }),
);
const va = fc.constantFrom(...ADDRESSES);
const access = fc.record({
  do: fc.constant("access" as const),
  va,
  access: fc.record({ kind: fc.constantFrom("read" as const, "write" as const), user: fc.constant(true) }),
  start: fc.constantFrom(0 as const, "none" as const),
});
const fill = fc.record({ do: fc.constant("fill" as const), va, fragment: fc.boolean() });
const evict = fc.record({ do: fc.constant("evict" as const), which: fc.nat(9) });
const programs = fc.array(fc.oneof<fc.Arbitrary<Action>[]>(store, access, access, fill, evict), {
  minLength: 20,
  maxLength: 60,
  size: "max",
});

function machine(): SparseMemory {
  const memory = new SparseMemory();
  memory.write(1, 0, mkTable(2));
  memory.write(2, 0, mkTable(3));
  // Everything starts mapped, so that programs begin where there is something to lose.
  for (const frame of [4, 5]) {
    memory.write(3, frame - 2, mkTable(frame));
    for (const index of [0, 1]) memory.write(frame, index, page(0x30 + frame, RW | USER));
  }
  return memory;
}

interface Seen {
  readonly outcome: string;
  readonly truth: string;
}

const outcomeOf = (result: { kind: string; pa?: number; code?: number }): string =>
  result.pa === undefined ? `fault ${result.code}` : `address ${result.pa}`;

/** Runs a program; `afterStore` is what software does about its stores. Returns what accesses saw, and the truth. */
function run(program: readonly Action[], afterStore: (caches: TranslationCaches) => void): Seen[] {
  const memory = machine();
  const caches = new TranslationCaches();
  const io = { read: memory.read, write: memory.write.bind(memory) };
  const seen: Seen[] = [];
  for (const action of program) {
    if (action.do === "store") {
      memory.write(action.frame, action.index, action.value);
      afterStore(caches);
    } else if (action.do === "fill") {
      speculativeFill(caches, io, SPACE, action.va, LINUX_CONTROLS, { fragment: action.fragment });
    } else if (action.do === "evict") {
      const entry = caches.translations[action.which];
      if (entry !== undefined) caches.evictTranslation(entry);
    } else {
      const truth = outcomeOf(walk(memory.read, 1, action.va, action.access, LINUX_CONTROLS));
      const { start } = action;
      const result = accessThroughCaches(caches, io, SPACE, action.va, action.access, LINUX_CONTROLS, {
        start,
      });
      seen.push({ outcome: outcomeOf(result), truth });
    }
  }
  return seen;
}

const options = { seed: 20_240_611, numRuns: 250 };

test("with everything flushed after each store, caches change nothing that an access sees", () => {
  let accesses = 0;
  fc.assert(
    fc.property(programs, (program) => {
      const seen = run(program, invpcidAll);
      accesses += seen.length;
      for (const { outcome, truth } of seen) expect(outcome).toBe(truth);
    }),
    options,
  );
  expect(accesses).toBeGreaterThan(2_000);
});

test("INVLPG of every page is as good, since it drops all table pointers", () => {
  fc.assert(
    fc.property(programs, (program) => {
      const seen = run(program, (caches) => {
        for (const address of ADDRESSES) invlpg(caches, virtualPage(address), 0);
      });
      for (const { outcome, truth } of seen) expect(outcome).toBe(truth);
    }),
    options,
  );
});

test("without a flush some access sees a stale translation: the machine is able to go wrong", () => {
  const stale = fc
    .sample(programs, options)
    .flatMap((program) => run(program, () => {}))
    .filter(({ outcome, truth }) => outcome !== truth);
  expect(stale.length).toBeGreaterThan(50);
});

test("Dirty in memory is set exactly by writes that went through", () => {
  const memory = machine();
  for (const kind of ["read", "write"] as const) {
    const result = walk(memory.read, 1, ADDRESSES[0], { kind, user: true }, LINUX_CONTROLS);
    if (result.kind !== "translated") throw new Error(result.kind);
    expect(commitUpdates(result.updates, memory.read, memory.write.bind(memory))).toBe(true);
    expect(memory.read(4, 0).lo & 0x40).toBe(kind === "write" ? 0x40 : 0);
  }
});
