/** The rules about single files find what was planted for them, and pass its neighbour. */

import { describe, expect, test } from "vitest";
import { bareYields, clocksAndRandomness, closuresOfSteps } from "../src/rules/banned-syntax.ts";
import { firstComments, sizes, starExports } from "../src/rules/shape.ts";
import { bareTodos, machineTraces } from "../src/rules/words.ts";
import { ignoreRules } from "../src/source-file.ts";
import { messages, sources } from "./sources.ts";

test("files that git would ignore", () => {
  const isIgnored = ignoreRules("node_modules/\n/coverage/\n*.tsbuildinfo\n");
  expect(["packages/mm/node_modules", "coverage", "dist/.tsbuildinfo"].filter(isIgnored)).toHaveLength(3);
  expect(["apps/fuzzer/src/coverage", "src/node_modules.ts", "docs"].filter(isIgnored)).toEqual([]);
});

test("a bare yield", () => {
  const text = "/** x */\nfunction* f() { yield 1; yield* g(); }";
  const complaint = ["2: bare yield: write yield*"];
  expect(messages(bareYields(sources({ "packages/mm/src/a.ts": text })))).toEqual(complaint);
  expect(messages(bareYields(sources({ "packages/scheduler/test/a.test.ts": text })))).toEqual(complaint);
  expect(bareYields(sources({ "packages/x86-paging/src/a.ts": text }))).toEqual([]);
});

test.each([
  ["function* f() { call(function* () {}); }", 1],
  ["function* f() { return { *g() {} }; }", 1],
  ["class C { constructor() { call(function* () {}); } }", 1],
  ["function* f() { call(() => g()); yield* g(); }", 0],
  ["const scenario = { threads: { *a() {} } };", 0],
])("%s makes %d generator functions", (text, count) => {
  expect(closuresOfSteps(sources({ "packages/mm/src/a.ts": `/** x */\n${text}` }))).toHaveLength(count);
  expect(closuresOfSteps(sources({ "suites/src/a.ts": `/** x */\n${text}` }))).toEqual([]);
});

describe("clocks and randomness", () => {
  const check = (path: string, text: string): readonly string[] =>
    messages(clocksAndRandomness(sources({ [path]: text })));

  test.each([
    ["Math.random()", "Math.random"],
    ['Math["random"]()', "Math.random"],
    ["globalThis.Math.random()", "Math.random"],
    ["const { random } = Math", "Math as a value"],
    ["const m = globalThis.Math", "Math as a value"],
    ["const g = globalThis", "globalThis as a value"],
    ["new Date()", "Date"],
    ["Date.now()", "Date"],
    ["const now = Date", "Date"],
    ["const all = { Date }", "Date"],
    ["globalThis.Date", "Date"],
    ['globalThis["Date"]', "Date"],
    ["(globalThis as any).Date", "Date"],
    ["performance.now()", "performance"],
    ["setTimeout(f, 1)", "setTimeout"],
    ["setImmediate(f)", "setImmediate"],
    ["crypto.randomUUID()", "crypto"],
    ["process.hrtime.bigint()", "process.hrtime"],
    ['import { createHash } from "node:crypto"', "createHash"],
    ['import { randomBytes as r } from "node:crypto"', "randomBytes"],
    ['import * as timers from "node:timers/promises"', "node:timers/promises"],
  ])("%s", (text, name) => {
    const complaint = [`1: ${name} makes runs differ: use Prng, or take it as an argument`];
    expect(check("packages/mm/src/a.ts", text)).toEqual(complaint);
    expect(check("packages/mm/test/a.test.ts", text)).toEqual([]);
  });

  test.each([
    "Math.max(1, 2)",
    "update.time.Date",
    "const record = { performance: 1 }",
    "let when: Date",
    "globalThis.__coverage__",
    "process.argv",
  ])("fine: %s", (text) => {
    expect(check("packages/mm/src/a.ts", text)).toEqual([]);
  });

  test("an application reads the clock in one file only, and may hash", () => {
    expect(check("apps/fuzzer/src/a.ts", "performance.now()")).toHaveLength(1);
    expect(check("apps/fuzzer/src/clock.ts", "performance.now()")).toEqual([]);
    expect(
      check("apps/fuzzer/src/a.ts", 'import { createHash } from "node:crypto"; setImmediate(f)'),
    ).toEqual([]);
    expect(check("apps/fuzzer/src/a.ts", 'import { createHash, randomInt } from "node:crypto"')).toHaveLength(
      1,
    );
  });
});

describe("sizes", () => {
  const check = (text: string): readonly string[] =>
    messages(sizes(sources({ "packages/mm/src/a.ts": text })));
  const body = (lines: number): string => "x();\n".repeat(lines);

  test("of files", () => {
    expect(check(body(300))).toEqual([]);
    expect(check(body(301))).toEqual(["301: 301 lines; at most 300"]);
    expect(check('export { x } from "./x.ts";\n'.repeat(301))).toEqual([]);
  });

  test("of functions", () => {
    expect(check(`function f() {\n${body(68)}}`)).toEqual([]);
    expect(check(`function f() {\n${body(69)}}`)).toEqual(["1: a function of 71 lines; at most 70"]);
    expect(check(`const f = () => {\n${body(69)}};`)).toHaveLength(1);
    expect(check(`describe("x", () => {\n${body(69)}});`)).toEqual([]);
  });
});

test("a source without a first comment", () => {
  expect(firstComments(sources({ "packages/mm/src/a.ts": "export const a = 1;" }))).toHaveLength(1);
  expect(firstComments(sources({ "apps/fuzzer/src/a.ts": "#!/usr/bin/env node\n/** What. */" }))).toEqual([]);
});

test("an export of everything", () => {
  const text = 'export * from "./a.ts";\nexport * as b from "./b.ts";\nexport { c } from "./c.ts";';
  expect(messages(starExports(sources({ "packages/mm/src/index.ts": text })))).toEqual([
    "1: export names one by one, not *",
    "2: export names one by one, not *",
  ]);
});

// What follows is joined from parts, so that this file keeps the rules it tests.
const join = (...parts: readonly string[]): string => parts.join("");

test("an open question without a topic", () => {
  const check = (text: string): number => bareTodos(sources({ "packages/mm/src/a.ts": text })).length;
  expect(check(join("// TO", "DO: later"))).toBe(1);
  expect(check(join("// TO", "DO(tlb) later"))).toBe(1);
  expect(check(join("// FIX", "ME"))).toBe(1);
  expect(check(join("// TO", "DO(tlb): later"))).toBe(0);
});

test.each([
  ["/wo", "rk/main"],
  ["/ro", "ot/.cache"],
  ["/ho", "me/someone/mmrace"],
  ["/tmp/ba", "sh_jobs"],
  ["https://regis", "try.npmjs.org/"],
  ["regis", "try=http://localhost:4873"],
  ["  resolution: {integrity: x, tar", "ball: http://localhost/a.tgz}"],
  ['"resol', 'ved": "x"; resol', "ved: http://localhost"],
])("%s%s", (...parts) => {
  expect(machineTraces(sources({ "README.md": join(...parts) }))).toHaveLength(1);
});

test("paths of the repository are fine", () => {
  expect(
    machineTraces(sources({ "README.md": "see docs/guide, work/shared and node_modules/.bin" })),
  ).toEqual([]);
});
