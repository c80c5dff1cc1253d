/** The directory of a finding: what is in it, and what happens when the same finding comes again. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bugById } from "@mmrace/mm";
import { decodeToken, encodeToken, explore, iterativeBound, type Violation } from "@mmrace/scheduler";
import { expectViolation } from "@mmrace/scheduler/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findingDirectory, readFinding, saveFinding, slugOf } from "../../src/report/finding-directory.ts";

let campaign = "";
beforeEach(() => {
  campaign = mkdtempSync(join(tmpdir(), "mmrace-finding-"));
});
afterEach(() => rmSync(campaign, { recursive: true }));

const { family, buggy, oracle } = bugById("T1-01");
const scenario = family.on(buggy);

/** The smallest execution, and a larger one of the same signature. */
function findings(): { readonly small: Violation; readonly large: Violation } {
  const small = expectViolation(explore(scenario, iterativeBound({ preemptionsMax: 2 })), oracle);
  return { small, large: { ...small, preemptions: small.preemptions + 1, steps: small.steps + 5 } };
}

function recordOf(violation: Violation): Record<string, unknown> {
  return JSON.parse(
    readFileSync(join(findingDirectory(campaign, violation.signature), "finding.json"), "utf8"),
  ) as Record<string, unknown>;
}

/** The same finding, as another place would show it. */
function elsewhere(violation: Violation, variant: string): Violation {
  const token = encodeToken({ ...decodeToken(violation.token), variant });
  return { ...violation, token };
}

test("holds everything that shows the finding", () => {
  const { small } = findings();
  const directory = saveFinding(campaign, scenario, small);
  expect(readdirSync(directory).toSorted()).toEqual([
    "columns.txt",
    "finding.json",
    "regression.test.ts",
    "token.txt",
    "trace.html",
    "trace.json",
    "trace.perfetto.json",
  ]);
  const text = (name: string): string => readFileSync(join(directory, name), "utf8");
  expect(text("token.txt")).toBe(`${small.token}\n`);
  expect(text("columns.txt")).toMatch(/CPU0 mremap +\| CPU1 collapse[^]*\*\*\* table shape: /);
  expect(JSON.parse(text("trace.json"))).toMatchObject({ schemaVersion: 1, signature: small.signature });
  expect(text("trace.html")).toMatch(/^<!doctype html>/);
  expect(JSON.parse(text("trace.perfetto.json"))).toHaveProperty("traceEvents");
  expect(text("regression.test.ts")).toContain(small.token);
  expect(readFinding(directory).found).toMatchObject({
    oracle: "table shape",
    kernel: buggy,
    preemptions: small.preemptions,
    alsoSeen: [],
  });
});

test("the same signature is one directory, and the smallest execution stands in it, whichever comes first", () => {
  const { small, large } = findings();
  saveFinding(campaign, scenario, large);
  expect(recordOf(large)).toMatchObject({ steps: large.steps });
  saveFinding(campaign, scenario, small);
  expect(recordOf(small)).toMatchObject({ steps: small.steps, alsoSeen: [] });
  saveFinding(campaign, scenario, large);
  expect(recordOf(small)).toMatchObject({ steps: small.steps, alsoSeen: [] });
  expect(readdirSync(join(campaign, "findings"))).toEqual([slugOf(small.signature)]);
});

test("other places are listed, each once, with their smallest executions", () => {
  const { small, large } = findings();
  saveFinding(campaign, scenario, small);
  const on69 = family.on("6.9");
  saveFinding(campaign, on69, elsewhere(large, "6.9"));
  saveFinding(campaign, on69, elsewhere(large, "6.9"));
  expect(recordOf(small)).toMatchObject({
    kernel: buggy,
    alsoSeen: [{ kernel: "6.9", steps: large.steps }],
  });
  // A smaller one elsewhere comes to the front.
  saveFinding(campaign, on69, elsewhere({ ...small, steps: small.steps - 1 }, "6.9"));
  expect(recordOf(small)).toMatchObject({
    kernel: "6.9",
    alsoSeen: [{ kernel: buggy, steps: small.steps }],
  });
});

test("an execution of another model is replaced, however small", () => {
  const { small, large } = findings();
  const old = encodeToken({ ...decodeToken(small.token), fingerprint: 1 });
  saveFinding(campaign, scenario, { ...small, token: old });
  saveFinding(campaign, scenario, large);
  expect(recordOf(small)).toMatchObject({ steps: large.steps, token: large.token, alsoSeen: [] });
});

test("a damaged record is put aside, and the finding is written again", () => {
  const { small } = findings();
  const directory = saveFinding(campaign, scenario, small);
  writeFileSync(join(directory, "finding.json"), "{ damaged");
  saveFinding(campaign, scenario, small);
  expect(readdirSync(directory)).toContain("finding.json.quarantine");
  expect(recordOf(small)).toMatchObject({ token: small.token });
});

test("names keep what can be read, and never meet", () => {
  expect(slugOf("lost entry @ zap_pte_range/set_pte/pte")).toMatch(
    /^lost-entry-zap-pte-range-set-pte-pte-[0-9a-f]{8}$/,
  );
  expect(slugOf("a b")).not.toBe(slugOf("a-b"));
  expect(slugOf("x".repeat(500)).length).toBeLessThan(80);
});
