/** Insertion into wakeup trees, rule by rule. Steps are written as thread and location: `p:x=` writes x, `p:x` reads it. */

import { describe, expect, test } from "vitest";
import { Cell, readOnce, writeOnce, type Operation } from "@mmrace/scheduler";
import { footprintOf, footprintsConflict } from "../../src/footprint.ts";
import {
  isWeakInitial,
  WakeupTrees,
  type Branch,
  type SequenceStep,
} from "../../src/strategies/wakeup-tree.ts";

const THREADS = "pqrs";
const cells = new Map(["x", "y", "z"].map((name) => [name, new Cell(name, 0)] as const));

function footprint(text: string) {
  const cell = cells.get(text[0]!)!;
  const operation: Operation<unknown> = text.endsWith("=") ? writeOnce(cell, 1) : readOnce(cell);
  return footprintOf(operation);
}

/** A sequence from the start: each step happens after the conflicting steps before it. `p:x=/2` made data choice 2. */
function sequence(text: string): SequenceStep[] {
  const steps: SequenceStep[] = [];
  for (const word of text.split(" ")) {
    const thread = THREADS.indexOf(word[0]!);
    const [touched = "", ...values] = word.slice(2).split("/");
    const clock = Array.from(THREADS, () => 0);
    for (const before of steps) {
      if (before.thread !== thread && !footprintsConflict(before.footprint!, footprint(touched))) continue;
      for (const [id, ordinal] of before.clock.entries()) clock[id] = Math.max(clock[id]!, ordinal);
    }
    const ordinal = ++clock[thread]!;
    steps.push({ thread, ordinal, clock, footprint: footprint(touched), values: values.map(Number) });
  }
  return steps;
}

/** A tree as text: `p(q r)` is p, and after it q or r. */
function show(branches: readonly Branch[]): string {
  return branches
    .map(({ thread, values, children }) => {
      const label = [THREADS[thread]!, ...values].join("/");
      return children.length === 0 ? label : `${label}(${show(children)})`;
    })
    .join(" ");
}

function treeOf(...texts: readonly string[]): string {
  const trees = new WakeupTrees(footprintsConflict, 100);
  const branches: Branch[] = [];
  for (const text of texts) trees.insert(branches, 0, sequence(text));
  expect(trees.size).toBe(show(branches).match(/[pqrs]/g)?.length);
  return show(branches);
}

describe("a sequence", () => {
  test.each([
    ["goes into an empty tree as it is", ["p:x q:y r:z"], "p(q(r))"],
    ["that begins like a branch goes on after it", ["p:x= q:x=", "p:x= r:x= q:x="], "p(q r(q))"],
    [
      "goes down a branch with a step that commutes to its front",
      ["p:x= q:x=", "r:x p:x= s:x= q:x="],
      "p(q) r(p(s(q)))",
    ],
    ["is stripped of a step that it takes later", ["p:x= q:y= r:x=", "s:z p:x= r:x= q:y="], "p(q(r))"],
    ["goes down a branch that commutes with all of it", ["p:x= q:y=", "r:z q:y="], "p(q)"],
    ["does not go down a branch that it must not begin with", ["p:x= q:y=", "q:x p:x="], "p(q) q(p)"],
    ["is covered by a leaf that could come first", ["p:x=", "q:y= r:z="], "p"],
    ["is not covered by a leaf that conflicts with it", ["p:x=", "q:y= r:x="], "p q(r)"],
    ["is covered when nothing of it is left", ["p:x= q:x= r:x=", "p:x= q:x="], "p(q(r))"],
    [
      "goes into the next branch if the first does not take it",
      ["p:x= q:x=", "r:x= p:x=", "s:y= r:x= q:x="],
      "p(q) r(p s(q))",
    ],
    ["with other data choices is another branch", ["p:x=/1 q:x=", "r:y p:x=/2 s:y="], "p/1(q) p/2(r(s))"],
    [
      "goes down the branch with its data choices",
      ["p:x=/1 q:x=", "p:x=/2 q:x=", "p:x=/2 r:x="],
      "p/1(q) p/2(q r)",
    ],
    ["whose data choices are not known yet takes the first", ["p:x=/1 q:x=", "p:x= r:x="], "p/1(q r)"],
  ] as const)("%s", (_rule, texts, tree) => {
    expect(treeOf(...texts)).toBe(tree);
  });

  test("does not go down the branch that is being explored", () => {
    const trees = new WakeupTrees(footprintsConflict, 100);
    const branches: Branch[] = [];
    trees.insert(branches, 0, sequence("p:x q:y"));
    trees.insert(branches, 1, sequence("q:y p:x"));
    expect(show(branches)).toBe("p(q) q(p)");
  });
});

test("a weak initial commutes with the whole sequence, or to its front", () => {
  const isInitial = (step: string, text: string): boolean =>
    isWeakInitial(THREADS.indexOf(step[0]!), footprint(step.slice(2)), sequence(text), footprintsConflict);
  expect(isInitial("p:x=", "p:x= q:x=")).toBe(true);
  expect(isInitial("p:x=", "q:y p:x=")).toBe(true);
  expect(isInitial("p:x=", "q:x p:x=")).toBe(false);
  expect(isInitial("p:x", "q:x r:x")).toBe(true);
  expect(isInitial("p:x", "q:y r:x=")).toBe(false);
  // What it touches is not known: then only the sequence itself can tell.
  expect(isWeakInitial(0, undefined, sequence("q:y"), footprintsConflict)).toBe(false);
  expect(isWeakInitial(0, undefined, sequence("q:y p:x"), footprintsConflict)).toBe(true);
});

test("without room, one first step is remembered, unless some first step is covered", () => {
  const trees = new WakeupTrees(footprintsConflict, 0);
  expect(trees.isOverfull).toBe(true);
  const branches: Branch[] = [];
  trees.insertStep(branches, 0, sequence("p:x q:y r:x="), 2);
  expect(show(branches)).toBe("p"); // r is preferred, but cannot come first.
  trees.insertStep(branches, 0, sequence("q:y p:x"), 1);
  expect(show(branches)).toBe("p");
  trees.insertStep(branches, 0, sequence("r:z q:y"), 1);
  expect(show(branches)).toBe("p q");
  trees.insertStep(branches, 1 << 2, sequence("s:z r:y"), 3);
  expect(show(branches)).toBe("p q");
});

test("the size counts the steps that wait; once too large, it has been too large", () => {
  const trees = new WakeupTrees(footprintsConflict, 3);
  const branches: Branch[] = [];
  trees.insert(branches, 0, sequence("p:x= q:x= r:x="));
  expect(trees.isOverfull).toBe(false);
  trees.insert(branches, 0, sequence("q:x= p:x="));
  expect([trees.size, trees.isOverfull]).toEqual([5, true]);
  trees.take();
  trees.discard(branches[1]!);
  expect([trees.size, trees.isOverfull]).toEqual([2, true]);
});
