/** The one predicate the header vectors leave out, since it depends on the mm. */

import { expect, test } from "vitest";
import { mkPte, mkSwapPte, NONE_ENTRY, PAGE_NONE, PAGE_SHARED, pteAccessible } from "../../../src/index.ts";

test.each([
  ["mapped", mkPte(1, PAGE_SHARED), true, true],
  ["PROT_NONE", mkPte(1, PAGE_NONE), false, true],
  ["swapped", mkSwapPte(0, 1), false, false],
  ["empty", NONE_ENTRY, false, false],
] as const)("a %s entry: may a TLB hold it, without and with a flush pending", (_, pte, quiet, pending) => {
  expect([pteAccessible(pte, false), pteAccessible(pte, true)]).toEqual([quiet, pending]);
});
