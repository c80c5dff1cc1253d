/** Error codes to conditions, words, and back. */

import { expect, test } from "vitest";
import { decodeFault, describeFault, encodeFault, FAULT_BIT } from "../../src/index.ts";

test("every combination of conditions survives encoding", () => {
  const names = Object.keys(FAULT_BIT) as (keyof typeof FAULT_BIT)[];
  expect(names.length).toBe(7);
  for (let code = 0; code < 128; code++) expect(encodeFault(decodeFault(code))).toBe(code);
  expect(decodeFault(1 << 15)).toEqual([]);
});

test.each([
  [0x0, "supervisor read, not-present page"],
  [0x7, "user write, protection violation"],
  [0x15, "user instruction fetch, protection violation"],
  [0x0b, "supervisor write, reserved bit violation"],
  [0x25, "user read, protection keys violation"],
  [0x45, "user read, shadow stack violation"],
])("error code %d is %j", (code, text) => {
  expect(describeFault(code)).toBe(text);
});
