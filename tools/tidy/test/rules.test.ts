/** Every rule can fail: it finds what was planted for it, and passes its neighbour. */

import { describe, expect, test } from "vitest";
import { memoryProgram } from "../src/program.ts";
import { bareYields, clocksAndRandomness } from "../src/rules/banned-syntax.ts";
import { floatingSteps } from "../src/rules/floating-steps.ts";
import { layering } from "../src/rules/layering.ts";
import { bareTodos, firstComments, machineTraces, sizes, starExports } from "../src/rules/shape.ts";
import type { Problem, SourceFile } from "../src/source-file.ts";

function file(path: string, text: string): SourceFile {
  return { path, text };
}

function messages(problems: readonly Problem[]): readonly string[] {
  return problems.map(({ line, message }) => `${line}: ${message}`);
}

describe("layering", () => {
  test("an import that the layers do not allow", () => {
    const problems = layering([file("packages/scheduler/src/a.ts", 'import { x } from "@mmrace/mm";')]);
    expect(messages(problems)).toEqual(["1: packages/scheduler must not import @mmrace/mm"]);
    expect(layering([file("packages/mm/src/a.ts", 'import { x } from "@mmrace/scheduler";')])).toEqual([]);
  });

  test("a deep import, from sources and from tests", () => {
    const text = 'import { x } from "@mmrace/scheduler/src/x.ts";';
    expect(layering([file("packages/mm/src/a.ts", text)])).toHaveLength(1);
    expect(layering([file("packages/mm/test/a.test.ts", text)])).toHaveLength(1);
    expect(
      layering([file("packages/mm/test/a.test.ts", 'import { x } from "@mmrace/scheduler/testing";')]),
    ).toEqual([]);
  });

  test("a relative import that leaves the package", () => {
    const problems = layering([file("packages/mm/src/a.ts", 'import { x } from "../../locks/src/x.ts";')]);
    expect(problems).toHaveLength(1);
  });

  test("a cycle of values, but not of types", () => {
    const cycle = (keyword: string): readonly SourceFile[] => [
      file("packages/mm/src/a.ts", 'import { b } from "./b.ts";'),
      file("packages/mm/src/b.ts", `import ${keyword}{ a } from "./a.ts";`),
    ];
    expect(messages(layering(cycle("")))).toEqual([expect.stringContaining("import cycle")]);
    expect(layering(cycle("type "))).toEqual([]);
  });

  test("a dependency in a manifest", () => {
    const manifest = (name: string): SourceFile =>
      file("packages/locks/package.json", JSON.stringify({ dependencies: { [name]: "1.0.0" } }));
    expect(layering([manifest("@mmrace/mm")])).toHaveLength(1);
    expect(layering([manifest("left-pad")])).toHaveLength(1);
    expect(layering([manifest("@mmrace/scheduler")])).toEqual([]);
  });
});

describe("floating steps", () => {
  const engine = `
    export class Operation<R> { [Symbol.iterator](): Iterator<Operation<unknown>, R, void> { throw this; } }
    export type Steps<R> = Generator<Operation<unknown>, R, void>;
    export declare function spinLock(): Operation<void>;
    export declare function retract(): Steps<void>;
    export declare const isOn: boolean;
    export declare function log(): void;
  `;
  function check(body: string): readonly string[] {
    const model = `import { spinLock, retract, isOn, log, type Steps } from "./engine.ts";\nexport function* model(): Steps<void> {\n${body}\n}`;
    const program = memoryProgram({ "/memory/engine.ts": engine, "/memory/model.ts": model });
    return messages(floatingSteps(program, (path) => path.startsWith("/memory/")));
  }

  test.each([
    ["an operation", "spinLock();"],
    ["a sequence", "retract();"],
    ["behind void", "void retract();"],
    ["behind a condition", "isOn && spinLock();"],
    ["in a conditional", "isOn ? log() : retract();"],
    ["before a comma", "(spinLock(), log());"],
  ])("%s", (_name, body) => {
    expect(check(body)).toEqual([expect.stringMatching(/^3: floating step/)]);
  });

  test("what is delegated to, or no step at all, passes", () => {
    expect(check("yield* spinLock();\nyield* retract();\nlog();\nif (isOn) yield* retract();")).toEqual([]);
  });
});

test("a bare yield", () => {
  const text = "/** x */\nfunction* f() { yield 1; yield* g(); }";
  expect(messages(bareYields([file("packages/mm/src/a.ts", text)]))).toEqual(["2: bare yield: write yield*"]);
  expect(bareYields([file("packages/scheduler/src/a.ts", text)])).toEqual([]);
});

test.each([
  "Math.random()",
  "globalThis.Math.random()",
  "new Date()",
  "Date.now()",
  "performance.now()",
  "setTimeout(f, 1)",
  "const now = Date",
  "globalThis.Date",
])("%s", (code) => {
  expect(clocksAndRandomness([file("packages/mm/src/a.ts", code)]).length).toBeGreaterThan(0);
  expect(clocksAndRandomness([file("packages/mm/test/a.test.ts", code)])).toEqual([]);
});

test("an application reads the clock in one file only", () => {
  const code = "performance.now();";
  expect(clocksAndRandomness([file("apps/fuzzer/src/a.ts", code)])).toHaveLength(1);
  expect(clocksAndRandomness([file("apps/fuzzer/src/clock.ts", code)])).toEqual([]);
  expect(clocksAndRandomness([file("packages/mm/src/a.ts", "Math.max(1, 2); update.time.Date;")])).toEqual(
    [],
  );
});

test("files and functions that are too long", () => {
  const long = (lines: number): string => "x();\n".repeat(lines);
  expect(sizes([file("packages/mm/src/a.ts", long(301))])).toHaveLength(1);
  expect(sizes([file("packages/mm/src/a.ts", long(300))])).toEqual([]);
  expect(sizes([file("packages/mm/src/a.ts", `function f() {\n${long(69)}}`)])).toHaveLength(1);
  expect(sizes([file("packages/mm/src/a.ts", `function f() {\n${long(68)}}`)])).toEqual([]);
});

test("a source without a first comment", () => {
  expect(firstComments([file("packages/mm/src/a.ts", "export const a = 1;")])).toHaveLength(1);
  expect(firstComments([file("apps/fuzzer/src/a.ts", "#!/usr/bin/env node\n/** What. */")])).toEqual([]);
});

test("an export of everything", () => {
  expect(starExports([file("packages/mm/src/index.ts", 'export * from "./a.ts";')])).toHaveLength(1);
});

test("a todo without a topic", () => {
  const bare = ["TO", "DO: later"].join("");
  expect(bareTodos([file("packages/mm/src/a.ts", `// ${bare}`)])).toHaveLength(1);
  expect(bareTodos([file("packages/mm/src/a.ts", `// ${["TO", "DO(tlb): later"].join("")}`)])).toEqual([]);
});

test("a path of one machine", () => {
  expect(machineTraces([file("README.md", ["see /wo", "rk/main"].join(""))])).toHaveLength(1);
  expect(machineTraces([file("README.md", "see docs/guide")])).toEqual([]);
});
