/** The rules about packages and their imports find what was planted for them, and pass its neighbour. */

import { describe, expect, test } from "vitest";
import { cycles } from "../src/rules/cycles.ts";
import { layering } from "../src/rules/layering.ts";
import { manifests } from "../src/rules/manifests.ts";
import { messages, sources } from "./sources.ts";

const exports = { ".": "./src/index.ts", "./testing": "./src/testing.ts" };
const PACKAGES = {
  "packages/scheduler/package.json": { name: "@mmrace/scheduler", exports },
  "packages/locks/package.json": { name: "@mmrace/locks", exports: { ".": "./src/index.ts" } },
  "packages/mm/package.json": { name: "@mmrace/mm", exports: { ".": "./src/index.ts" } },
  "apps/fuzzer/package.json": { name: "mmrace", dependencies: { commander: "14.0.3" } },
  "bench/package.json": { name: "@mmrace/bench", private: true, exports },
  "suites/package.json": { name: "@mmrace/suites", private: true, exports },
};

describe("layering", () => {
  const check = (path: string, text: string): readonly string[] =>
    messages(layering(sources({ ...PACKAGES, [path]: text })));

  test.each([
    ["packages/scheduler/src/a.ts", 'import { x } from "@mmrace/mm";'],
    ["packages/locks/src/a.ts", 'import type { X } from "@mmrace/mm";'],
    ["packages/locks/src/a.ts", 'export { x } from "@mmrace/mm";'],
    ["packages/locks/src/a.ts", 'const x = await import("@mmrace/mm");'],
    ["packages/locks/src/a.ts", 'type X = import("@mmrace/mm").X;'],
    ["packages/mm/src/a.ts", 'import { x } from "@mmrace/suites";'],
  ])("%s may not: %s", (path, text) => {
    expect(check(path, text)).toEqual([
      expect.stringMatching(/^1: packages\/\w+ must not import @mmrace\/\w+$/),
    ]);
  });

  test.each([
    ["packages/mm/src/a.ts", 'import { x } from "@mmrace/locks";'],
    ["packages/mm/src/a.ts", 'import { x } from "./b.ts";'],
    ["packages/scheduler/test/a.test.ts", 'import { x } from "@mmrace/mm";'],
    ["packages/mm/test/a.test.ts", 'import { x } from "@mmrace/scheduler/testing";'],
    ["packages/mm/test/a.test.ts", 'import { x } from "@mmrace/suites";'],
    ["packages/mm/test/a.test.ts", 'import { test } from "vitest";'],
    ["apps/fuzzer/src/a.ts", 'import { Command } from "commander";'],
    ["apps/fuzzer/src/a.ts", 'import { join } from "node:path";'],
    ["bench/src/a.ts", 'import { x } from "@mmrace/mm";'],
  ])("%s may: %s", (path, text) => {
    expect(check(path, text)).toEqual([]);
  });

  test("a deep import, from sources and from tests", () => {
    const text = 'import { x } from "@mmrace/scheduler/src/x.ts";';
    const complaint = "1: @mmrace/scheduler/src/x.ts is no public entry of @mmrace/scheduler";
    expect(check("packages/mm/src/a.ts", text)).toEqual([complaint]);
    expect(check("packages/mm/test/a.test.ts", text)).toEqual([complaint]);
  });

  test("a relative import that leaves the package", () => {
    expect(check("packages/mm/test/a.test.ts", 'import { x } from "../../locks/src/x.ts";')).toEqual([
      "1: ../../locks/src/x.ts leaves packages/mm: import the package by name",
    ]);
  });

  test("an import of what nothing imports", () => {
    expect(check("packages/mm/test/a.test.ts", 'import { x } from "@mmrace/bench";')).toEqual([
      "1: nothing imports @mmrace/bench",
    ]);
  });

  test("an import of a package that only the root has", () => {
    expect(check("packages/mm/src/a.ts", 'import fc from "fast-check";')).toEqual([
      "1: @mmrace/mm does not depend on fast-check",
    ]);
  });
});

describe("cycles", () => {
  const check = (back: string): readonly string[] =>
    messages(
      cycles(
        sources({
          "packages/mm/src/a.ts": 'import { b } from "./b.ts";',
          "packages/mm/src/b.ts": 'export { c } from "./c.ts";',
          "packages/mm/src/c.ts": back,
        }),
      ),
    );

  test("of values", () => {
    const complaint =
      "1: import cycle: packages/mm/src/a.ts -> packages/mm/src/b.ts -> packages/mm/src/c.ts -> packages/mm/src/a.ts";
    expect(check('import { a } from "./a.ts";')).toEqual([complaint]);
    // What is left of it at run time still loads the file.
    expect(check('import { type A } from "./a.ts";')).toEqual([complaint]);
  });

  test("of types vanish", () => {
    expect(check('import type { A } from "./a.ts";')).toEqual([]);
  });
});

describe("manifests", () => {
  const GOOD = {
    name: "@mmrace/locks",
    license: "Apache-2.0",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.19" },
    repository: { directory: "packages/locks" },
    exports: { ".": { "@mmrace/source": "./src/index.ts", types: "./dist/index.d.ts" } },
    publishConfig: { access: "public", exports: { ".": { types: "./dist/index.d.ts" } } },
    dependencies: { "@mmrace/scheduler": "workspace:^" },
  };
  const FILES = {
    "package.json": { engines: { node: ">=20.19" }, devDependencies: { vitest: "4.1.12" } },
    "packages/locks/package.json": GOOD,
    "packages/locks/tsconfig.json": { references: [{ path: "../scheduler" }] },
    "packages/locks/src/index.ts": 'import { x } from "@mmrace/scheduler";',
    "packages/locks/README.md": "",
    "packages/locks/LICENSE": "",
  };
  const check = (change: Readonly<Record<string, unknown>>): readonly string[] =>
    messages(manifests(sources({ ...FILES, ...change })));
  const withManifest = (change: Readonly<Record<string, unknown>>): readonly string[] =>
    check({ "packages/locks/package.json": { ...GOOD, ...change } });

  test("that agree with everything", () => {
    expect(check({})).toEqual([]);
  });

  test("a root that npm cannot install", () => {
    expect(
      check({ "package.json": { ...FILES["package.json"], devDependencies: { mmrace: "workspace:^" } } }),
    ).toEqual(["1: mmrace: workspace:^ is not a plain version"]);
  });

  test("a dependency that the layers do not allow, that nobody uses, that is not built first", () => {
    expect(withManifest({ dependencies: { ...GOOD.dependencies, "@mmrace/mm": "workspace:^" } })).toEqual([
      "1: dependency @mmrace/mm: the layers do not allow it",
      "1: dependency @mmrace/mm: nothing in src imports it",
      "1: tsconfig.json refers to [packages/scheduler], the dependencies are [packages/mm, packages/scheduler]",
    ]);
  });

  test("a library package with a dependency of others", () => {
    const peerDependencies = { "left-pad": "1.0.0" };
    expect(withManifest({ peerDependencies })).toEqual([
      expect.stringContaining("dependency left-pad: library"),
    ]);
  });

  test("a library package that extends a tool of others may name it as a peer, and as nothing else", () => {
    const plugin = (change: Readonly<Record<string, unknown>>): readonly string[] => {
      const { dependencies: _, ...common } = GOOD;
      const sideEffects = ["./dist/index.js", "./src/index.ts"];
      const repository = { directory: "packages/vitest" };
      return messages(
        manifests(
          sources({
            "package.json": FILES["package.json"],
            "packages/vitest/package.json": {
              ...common,
              name: "@mmrace/vitest",
              sideEffects,
              repository,
              ...change,
            },
            "packages/vitest/tsconfig.json": {},
            "packages/vitest/src/index.ts": 'import { expect } from "vitest";',
            "packages/vitest/README.md": "",
            "packages/vitest/LICENSE": "",
          }),
        ),
      );
    };
    expect(plugin({ peerDependencies: { vitest: "^4.0.0" } })).toEqual([]);
    expect(plugin({ peerDependencies: { jest: "^30.0.0" } })).toEqual([
      expect.stringContaining("dependency jest: library"),
    ]);
    expect(plugin({ dependencies: { vitest: "^4.0.0" } })).toEqual([
      expect.stringContaining("dependency vitest: library"),
    ]);
    // A bundler would leave out the file that registers the matchers.
    expect(plugin({ sideEffects: false })).toEqual([expect.stringContaining("1: sideEffects is false")]);
  });

  test("a fixed version of a package of ours", () => {
    expect(withManifest({ dependencies: { "@mmrace/scheduler": "^0.1.0" } })).toEqual([
      "1: dependency @mmrace/scheduler: write workspace:^",
    ]);
  });

  test.each([
    [{ license: "MIT" }, "license"],
    [{ type: undefined }, "type"],
    [{ sideEffects: undefined }, "sideEffects"],
    [{ engines: {} }, "engines.node"],
    [{ repository: {} }, "repository.directory"],
    [{ publishConfig: { access: "public" } }, "publishConfig.exports"],
    [{ publishConfig: { exports: GOOD.publishConfig.exports } }, "publishConfig.access"],
  ])("%j", (change, field) => {
    expect(withManifest(change)).toEqual([expect.stringContaining(`1: ${field} is `)]);
  });

  test("a package without a licence file", () => {
    const { "packages/locks/LICENSE": _, ...rest } = FILES;
    expect(messages(manifests(sources(rest)))).toEqual(["1: LICENSE is false, expected true"]);
  });

  test("a private package is not published, but keeps to the layers", () => {
    const suites = { name: "@mmrace/suites", private: true, dependencies: { "@mmrace/mm": "workspace:^" } };
    expect(check({ "suites/package.json": suites })).toEqual([
      "1: dependency @mmrace/mm: the layers do not allow it",
    ]);
  });
});
