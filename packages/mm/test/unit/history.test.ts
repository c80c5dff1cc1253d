/** The history of releases: every difference in it has its commits, and a step can be taken in part. */

import { historyBetween, kernelById, kernelCommits, kernels, mixedKernel, scenarioFamily } from "@mmrace/mm";
import { exhaustive, explore, UsageError } from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";

const steps = historyBetween(kernels[0]!.id, kernels.at(-1)!.id);

test("every step leads from one state of the model to the next, and every difference has a commit or a series", () => {
  expect(steps.map(({ newer }) => newer)).toEqual(kernels.slice(1).map(({ id }) => id));
  const bare = steps.flatMap(({ older, parts }) =>
    parts.filter(({ commits }) => commits.length === 0).map(({ names }) => `${older}: ${names.join()}`),
  );
  expect(bare).toEqual([]);
});

test("every commit ended something that a step has", () => {
  const used = new Set(steps.flatMap(({ parts }) => parts.flatMap(({ commits }) => commits)));
  expect(kernelCommits.filter((commit) => !used.has(commit))).toEqual([]);
});

test("what a commit changed at several places is one part of its step", () => {
  const { parts } = steps.find(({ newer }) => newer === "6.14")!;
  const reclaim = parts.find(({ commits }) => commits.some(({ id }) => id === "6375e95f381e"))!;
  expect(reclaim.names.toSorted()).toEqual(["madviseDontneed", "zapPteRange"]);
  const { parts: first } = steps.find(({ newer }) => newer === "6.1")!;
  expect(first.find(({ names }) => names.includes("retractPageTables"))!.commits).toHaveLength(4);
});

test("a proposal is one step away, without commits; releases must be given in their order", () => {
  expect(historyBetween("6.18", "6.18-aligned")).toEqual([
    { older: "6.18", newer: "6.18-aligned", parts: [{ commits: [], names: ["collapsePteMappedThp"] }] },
  ]);
  expect(() => historyBetween("6.14", "6.6")).toThrow(UsageError);
  expect(() => historyBetween("6.14", "6.14")).toThrow(/older one first/);
});

test("the commit that fixed CVE-2024-50066 is enough by itself", () => {
  const { parts } = historyBetween("6.11", "6.12")[0]!;
  const fix = parts.find(({ commits }) => commits.some(({ id }) => id === "6fa1066fc5d0"))!;
  const family = scenarioFamily("mremap-vs-retract");
  expectViolation(explore(family.on("6.11"), exhaustive({ preemptionsMax: 1 })), "table shape");
  const fixed = family.on(mixedKernel(kernelById("6.11"), kernelById("6.12"), fix.names));
  expectNoViolation(explore(fixed, exhaustive({ reduction: "sleep-sets" })));
});
