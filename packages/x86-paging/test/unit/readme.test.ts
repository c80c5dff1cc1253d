/** The README's examples run, and every `// =>` in them is true. */

import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import * as x86 from "../../src/index.ts";

const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const BLOCKS = [...README.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);

/** Rewrites `expression; // => value` into a call that records both, and runs the block. */
function claims(code: string): readonly (readonly [unknown, unknown])[] {
  const found: [unknown, unknown][] = [];
  const body = code
    .replace(/^import .*$/gm, "")
    .replace(
      /^(.*); \/\/ => (.*)$/gm,
      (_, expression: string, value: string) => `claim(${expression}, ${value});`,
    );
  runInNewContext(body, {
    x86,
    claim: (actual: unknown, expected: unknown) => found.push([actual, expected]),
  });
  return found;
}

describe.each([
  [0, 6],
  [1, 4],
  [2, 8],
])("example %i", (i, count) => {
  test(`makes ${count} claims, all true`, () => {
    const made = claims(BLOCKS[i]!);
    expect(made.map(([actual]) => actual)).toEqual(made.map(([, expected]) => expected));
    expect(made.length).toBe(count);
  });
});

test("there is no example that is not run", () => {
  expect(BLOCKS.length).toBe(3);
});
