/** qspinlock of kernel-tla with one node per CPU, written down again without any of our engine: places and variables as data. */

/** CPUs by their numbers, from 0 on; where there is none, -1. What has no value yet is `null`. */

import type { SpinlockSizes } from "../src/stateful/qspinlock.ts";
import { countOrbits, orders, type Order, type OrbitCounts } from "./orbits.ts";
interface Word {
  readonly locked: boolean;
  readonly pending: boolean;
  readonly tail: number;
}

const NONE = -1;
const ZERO: Word = { locked: false, pending: false, tail: NONE };
const LOCKED: Word = { ...ZERO, locked: true };
const PENDING: Word = { ...ZERO, pending: true };

const isSame = (a: Word, b: Word): boolean =>
  a.locked === b.locked && a.pending === b.pending && a.tail === b.tail;
const isContended = ({ pending, tail }: Word): boolean => pending || tail !== NONE;

/** What spin_lock_slowpath keeps until it returns. */
interface Slow {
  readonly val: Word | null;
  readonly old: Word | null;
  readonly next: number | null;
  readonly prev: number | null;
  readonly node: number | null;
  readonly idx: number | null;
  readonly cnt: number;
}

interface Cpu {
  readonly place: string;
  /** Whether priority_level, lock_ of spin_lock and what its caller had there are defined. The second one stays so after sl3. */
  readonly level: boolean;
  readonly argument: boolean;
  readonly saved: boolean;
  readonly trylock: boolean;
  readonly fast: Word | null;
  readonly slow: Slow;
  readonly node: { readonly next: number; readonly locked: boolean; readonly count: number };
}

interface State {
  readonly word: Word;
  readonly cpus: readonly Cpu[];
}

/** What a step leaves different. */
interface Change {
  /** Where the CPU is then. */
  readonly to: string;
  readonly word?: Partial<Word>;
  readonly own?: Partial<Cpu>;
  readonly slow?: Partial<Slow>;
  /** Of which CPU the node is written. */
  readonly at?: number;
  readonly node?: Partial<Cpu["node"]>;
}

interface Here {
  readonly sizes: SpinlockSizes;
  readonly word: Word;
  readonly self: number;
}

/** What a CPU does at a place; nothing where it has to wait. */
type Steps = Readonly<Record<string, (me: Cpu, here: Here) => Change | undefined>>;

const nothingSlow = ({ pendingLoops }: SpinlockSizes): Slow => ({
  val: null,
  old: null,
  next: null,
  prev: null,
  node: null,
  idx: null,
  cnt: pendingLoops,
});

const fast: Steps = {
  t1: ({ argument }) => ({ to: "sl1", own: { level: true, saved: argument, argument: true, fast: null } }),
  sl1: (_me, { word }) => ({ to: "sl2", own: { fast: word }, ...(isSame(word, ZERO) && { word: LOCKED }) }),
  sl2: (me) =>
    isSame(me.fast!, ZERO)
      ? { to: "cs", own: { fast: null, argument: me.saved, saved: false } }
      : { to: "sl3" },
  sl3: (me, { sizes }) => ({
    to: "sp1",
    own: { fast: null, saved: false },
    slow: { ...nothingSlow(sizes), val: me.fast! },
  }),
  cs: () => ({ to: "su1" }),
  su1: () => ({ to: "t2", word: { locked: false } }),
  t2: () => ({ to: "t1" }),
};

const pending: Steps = {
  sp1: ({ slow }) => ({ to: isSame(slow.val!, PENDING) ? "sp1_1" : "sp1_2" }),
  sp1_1: ({ slow: { cnt } }, { word }) =>
    isSame(word, PENDING) && cnt !== 0
      ? { to: "sp1_1", slow: { cnt: cnt - 1 } }
      : { to: "sp1_2", slow: { val: word } },
  sp1_2: ({ slow }) => ({ to: isContended(slow.val!) ? "queue" : "sp2" }),
  sp2: (_me, { word }) => ({ to: "sp3", slow: { val: word }, word: { pending: true } }),
  sp3: ({ slow: { val } }, { sizes, word }) => {
    if (isContended(val!)) return { to: "sp4" };
    if (val!.locked && word.locked) return undefined;
    return { to: "cs", slow: nothingSlow(sizes), word: { pending: false, locked: true } };
  },
  sp4: ({ slow }) => ({ to: "queue", word: slow.val!.pending ? {} : { pending: false } }),
};

const queued: Steps = {
  queue: ({ node: { count } }, { self }) => ({
    to: "sp11",
    slow: { node: self, idx: count + 1 },
    at: self,
    node: { count: count + 1 },
  }),
  sp11: (_me, { self }) => ({ to: "stl1", at: self, node: { locked: false, next: NONE } }),
  stl1: (_me, { word }) =>
    isSame(word, ZERO)
      ? { to: "sp13", own: { trylock: true }, word: LOCKED }
      : { to: "sp13", own: { trylock: false } },
  sp13: ({ trylock }) => ({ to: trylock ? "release" : "sp14" }),
  sp14: (_me, { word: { tail }, self }) => ({
    to: "sp15",
    slow: { old: { ...ZERO, tail }, next: NONE },
    word: { tail: self },
  }),
  sp15: ({ slow: { old } }, { self }) =>
    old!.tail === NONE
      ? { to: "sp18" }
      : { to: "sp16", slow: { prev: old!.tail }, at: old!.tail, node: { next: self } },
  sp16: ({ node: { locked, next } }) => (locked ? { to: "sp18", slow: { next } } : undefined),
  sp18: (_me, { sizes, word }) =>
    word.locked || (word.pending && sizes.headIgnoresPending !== true)
      ? undefined
      : { to: "locked", slow: { val: word } },
  locked: ({ slow }, { word, self }) => {
    if (slow.val!.tail !== self) return { to: "sp21" };
    return isSame(word, slow.val!)
      ? { to: "release", slow: { old: word }, word: LOCKED }
      : { to: "sp21", slow: { old: word } };
  },
  sp21: ({ slow, node }) => {
    const next = slow.next === NONE ? node.next : slow.next!;
    if (next === NONE) return undefined;
    return { to: "release", slow: { next }, word: { locked: true }, at: next, node: { locked: true } };
  },
  release: ({ node }, { sizes, self }) => ({
    to: "cs",
    slow: nothingSlow(sizes),
    at: self,
    node: { count: node.count - 1 },
  }),
};

const steps: Steps = { ...fast, ...pending, ...queued };
const places = Object.keys(steps);

function startOf(sizes: SpinlockSizes): State {
  const cpu: Cpu = {
    place: "t1",
    level: false,
    argument: false,
    saved: false,
    trylock: false,
    fast: null,
    slow: nothingSlow(sizes),
    node: { next: NONE, locked: false, count: 0 },
  };
  return { word: ZERO, cpus: Array.from({ length: sizes.cpus }, () => cpu) };
}

/** Where one step leads, by each CPU that can take one. */
function after({ word, cpus }: State, sizes: SpinlockSizes): readonly State[] {
  return cpus.flatMap((me, self) => {
    const change = steps[me.place]!(me, { sizes, word, self });
    if (change === undefined) return [];
    const all = [...cpus];
    all[self] = { ...me, ...change.own, place: change.to, slow: { ...me.slow, ...change.slow } };
    if (change.at !== undefined) {
      const { node } = all[change.at]!;
      all[change.at] = { ...all[change.at]!, node: { ...node, ...change.node } };
    }
    return [{ word: { ...word, ...change.word }, cpus: all }];
  });
}

/** Whether two CPUs are in their critical sections. */
const areTwoInside = ({ cpus }: State): boolean => cpus.filter(({ place }) => place === "cs").length > 1;

/** A state whose CPUs have been given other numbers, one character for each part. */
function textOf({ word, cpus }: State, to: Order): string {
  const cpu = (id: number | null): number => (id === null ? 0 : id === NONE ? 1 : 2 + to[id]!);
  const wordOf = (w: Word | null): number =>
    w === null ? 0 : 1 + Number(w.locked) + 2 * Number(w.pending) + 4 * cpu(w.tail);
  const codes: number[] = [wordOf(word)];
  for (const [from, { place, level, argument, saved, trylock, fast: seen, slow, node }] of cpus.entries()) {
    const flags = [level, argument, saved, trylock, node.locked];
    const ofCpu = [
      places.indexOf(place),
      flags.reduce((sum, flag) => 2 * sum + Number(flag), 0),
      wordOf(seen),
      wordOf(slow.val),
      wordOf(slow.old),
      cpu(slow.next),
      cpu(slow.prev),
      cpu(slow.node),
      slow.idx === null ? 0 : 1 + slow.idx,
      slow.cnt,
      cpu(node.next),
      node.count,
    ];
    for (const [part, code] of ofCpu.entries()) codes[1 + to[from]! * ofCpu.length + part] = code;
  }
  return String.fromCharCode(...codes);
}

/** All classes of states that differ in which CPU is which. */
export function countSpinlockOrbits(sizes: SpinlockSizes): OrbitCounts {
  const numberings = orders(sizes.cpus);
  return countOrbits<State>({
    start: startOf(sizes),
    after: (state) => after(state, sizes),
    images: (state) => numberings.map((numbering) => textOf(state, numbering)),
    isWrong: areTwoInside,
  });
}
