/** Search over states with symmetry: as many states as there are orbits, counted again by brute force over all states. */

import { searchStates, type Interchangeable, type Scenario } from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";
import { correct, wrong, type Memory, type Program } from "../src/index.ts";
import { commits } from "../src/stateful/index.ts";
import { twoPhaseCommit } from "../src/stateful/two-phase-commit.ts";

const programs = [...Object.values(correct), ...Object.values(wrong)].flat();

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

/** Interchangeable threads by their ids, and the numbers of the objects that each owns, in the order of `setup`. */
interface Alike {
  readonly ids: readonly number[];
  readonly objects?: readonly (readonly number[])[];
}

/** How many classes of states there are, when states are one that differ in where interchangeable threads are. */
function countOrbits<W>(scenario: Scenario<W>, { ids, objects = [] }: Alike): number {
  const threads = Object.keys({ ...scenario.threads, ...scenario.daemons }).length;
  const least = new Set<string>();
  const orders = permutations(ids.map((_, at) => at));
  for (const text of statesByReplay(scenario).texts) {
    const lines = text.split("\n");
    const images = orders.map((order) => {
      const names = new Map<string, string>();
      for (const [at, to] of order.entries()) {
        names.set(`t${ids[at]}`, `t${ids[to]}`);
        for (const [i, object] of objects[at]?.entries() ?? [])
          names.set(`o-1.${object}`, `o-1.${objects[to]![i]}`);
      }
      const renamed = lines.map((line) =>
        line.replace(/\b[to]-?\d+(\.\d+)?/g, (name) => names.get(name) ?? name),
      );
      const pasts = renamed.slice(0, threads);
      for (const [at, to] of order.entries()) pasts[ids[to]!] = renamed[ids[at]!]!;
      return [...pasts, ...renamed.slice(threads).sort()].join("\n");
    });
    least.add(images.sort()[0]!);
  }
  return least.size;
}

const named = (...threads: readonly string[]): Interchangeable<Memory> => ({ threads });

/** Objects are numbered in the order of the program: cells first. */
const rows: readonly (readonly [id: string, Interchangeable<Memory>, Alike, orbits: number])[] = [
  ["ainc(4)", named("t1", "t2", "t3", "t4"), { ids: [0, 1, 2, 3] }, 5],
  ["cinc(3)", named("t1", "t2", "t3"), { ids: [0, 1, 2] }, 20],
  ["wainc(3)", named("t1", "t2", "t3"), { ids: [1, 2, 3] }, 14],
  ["readers(4)", named("t1", "t2", "t3", "t4"), { ids: [1, 2, 3, 4] }, 20],
  ["n_writers_a_reader(3)", named("t1", "t2", "t3"), { ids: [0, 1, 2] }, 11],
  ["lockinc(3)", named("t1", "t2", "t3"), { ids: [0, 1, 2] }, 13],
  ["lockinc(4)", named("t1", "t2", "t3", "t4"), { ids: [0, 1, 2, 3] }, 17],
  [
    "SB(2)",
    { threads: ["t0", "t1"], owns: (memory, index) => memory.at(`x${index}`) },
    { ids: [0, 1], objects: [[0], [1]] },
    8,
  ],
  [
    "dining_naive(2)",
    { threads: ["t1", "t2"], owns: (memory, index) => memory.mutex(`fork${index}`) },
    { ids: [0, 1], objects: [[0], [1]] },
    11,
  ],
];

describe("as many states as orbits", () => {
  test.each(rows)("%s", (id, interchangeable, alike, orbits) => {
    const program = programs.find((one) => one.id === id) as unknown as Program<Memory>;
    const scenario = { ...program.scenario, interchangeable: [interchangeable] };
    const plain = searchStates(scenario, { stopAtFirst: false });
    const found = searchStates(scenario, { symmetry: true, stopAtFirst: false });
    expect(found.states).toBe(countOrbits(scenario, alike));
    expect(found.states).toBe(orbits);
    expect(found.states).toBeLessThan(plain.states);
    expect({ complete: found.complete, depth: found.depth }).toEqual({ complete: true, depth: plain.depth });
    expect(searchStates(scenario, { symmetry: true, stopAtFirst: false, order: "dfs" })).toMatchObject({
      states: found.states,
      transitions: found.transitions,
    });
  });
});

const ring: Interchangeable<Memory> = {
  threads: ["t0", "t1", "t2"],
  owns: (memory, at) => memory.at(`x${at}`),
};

test.each([
  ["casrot(3)", named("t1", "t2")],
  ["floating_read(3)", named("t1", "t2")],
  // Its threads may be turned round, but two of three cannot be exchanged.
  ["SB(3)", ring],
])("%s: threads that do not do the same are refused", (id, interchangeable) => {
  const program = programs.find((one) => one.id === id) as unknown as Program<Memory>;
  const scenario = { ...program.scenario, interchangeable: [interchangeable] };
  expect(() => searchStates(scenario, { symmetry: true })).toThrow(/said to be interchangeable, and are not/);
});

/** A state of two-phase commit, written down a second time: votes, decision, who has been counted, who has sent. */
type State = readonly [votes: string, decision: string, counted: string, sent: string];

const at = (text: string, index: number, letter: string): string =>
  text.slice(0, index) + letter + text.slice(index + 1);

function next([votes, decision, counted, sent]: State): State[] {
  const isOpen = decision === "-";
  const decisions: State[] = isOpen ? [[votes, "a", counted, sent]] : [];
  if (isOpen && !counted.includes("-")) decisions.unshift([votes, "c", counted, sent]);
  const ofManagers = [...votes].flatMap((vote, rm): State[] => [
    ...(isOpen && sent[rm] === "x" ? [[votes, decision, at(counted, rm, "x"), sent] as const] : []),
    ...(vote === "0" ? [[at(votes, rm, "1"), decision, counted, at(sent, rm, "x")] as const] : []),
    ...(vote === "0" ? [[at(votes, rm, "3"), decision, counted, sent] as const] : []),
    ...(decision === "c" ? [[at(votes, rm, "2"), decision, counted, sent] as const] : []),
    ...(decision === "a" ? [[at(votes, rm, "3"), decision, counted, sent] as const] : []),
  ]);
  return [...decisions, ...ofManagers];
}

/** Depth-first, the last alternative first. @param standsFor of which states only the first is looked at. */
function countStates(managers: number, standsFor: (state: State) => string): number {
  const start: State = ["0".repeat(managers), "-", "-".repeat(managers), "-".repeat(managers)];
  const seen = new Set([standsFor(start)]);
  const open = [start];
  for (let state = open.pop(); state !== undefined; state = open.pop())
    for (const each of next(state)) {
      const key = standsFor(each);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(each);
    }
  return seen.size;
}

/** Managers sorted by a key, and all that is theirs with them. */
function sortedBy(key: (state: State, rm: number) => string): (state: State) => string {
  return (state) => {
    const [votes, decision, counted, sent] = state;
    const order = Array.from(votes, (_, rm) => rm).sort((a, b) => {
      const [one, other] = [key(state, a), key(state, b)];
      return one < other ? -1 : one > other ? 1 : a - b;
    });
    const sorted = (text: string): string => order.map((rm) => text[rm]).join("");
    return [sorted(votes), decision, sorted(counted), sorted(sent)].join(" ");
  };
}

describe("two-phase commit", () => {
  const exact = sortedBy(([votes, , counted, sent], rm) => `${votes[rm]}${counted[rm]}${sent[rm]}`);
  const byVoteOnly = sortedBy(([votes], rm) => votes[rm]!);

  test.each([
    [3, 288, 80],
    [4, 1568, 166],
    [5, 8832, 314],
  ])("%i resource managers: %i states in %i orbits", (managers, states, orbits) => {
    const { scenario } = twoPhaseCommit(managers, {});
    const found = searchStates(scenario, { symmetry: true });
    expect(found).toMatchObject({ states: orbits, complete: true, unreached: [], violations: [] });
    expect(countStates(managers, exact)).toBe(orbits);
    expect(countStates(managers, (state) => state.join(" "))).toBe(states);
    if (managers === 3)
      expect(
        countOrbits(scenario, {
          ids: [2, 3, 4],
          objects: [
            [1, 2, 3],
            [4, 5, 6],
            [7, 8, 9],
          ],
        }),
      ).toBe(orbits);
  });

  test("Stateright's 665 are not orbits: it sorts by the vote alone, which leaves up to several states of each", () => {
    expect(countStates(5, byVoteOnly)).toBe(665);
    expect(commits[1]!.expected.states).toBe(8832);
  });
});
