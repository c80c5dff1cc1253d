/** The pure entry: nothing is registered until somebody does it. */

import { matchers } from "@mmrace/vitest/matchers";
import { expect, test } from "vitest";
import { atomicUpdate } from "../programs.ts";

test("importing registers nothing; extending does", () => {
  const names = Object.keys(matchers);
  expect(names).toEqual(["toHoldInEveryInterleaving", "toBeFoundBy", "toReplay"]);
  expect(names.filter((name) => name in expect)).toEqual([]);
  expect.extend(matchers);
  expect(names.filter((name) => name in expect)).toEqual(names);
  expect(atomicUpdate).toHoldInEveryInterleaving();
});
