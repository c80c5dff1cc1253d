/** What the progress line of an exhaustive search says. */

import { expect, test } from "vitest";
import { searchProgressText } from "../../src/report/search-progress.ts";

const NOTHING = { executions: 0, pruned: 0, steps: 0 };

test("counts are of the whole search, the pace is of this run, the estimate of the level", () => {
  const counts = { executions: 3000, pruned: 1000, steps: 80_000 };
  const progress = {
    counts,
    levelCounts: { executions: 2000, pruned: 0, steps: 40_000 },
    level: 1,
    shareLeft: 0.75,
  };
  // 2000 runs are a quarter, 6000 are left; this run did 500 in one second.
  expect(searchProgressText(progress, 3, { executions: 400, pruned: 100, elapsedMs: 1000 })).toBe(
    "3,000 executions (1,000 more pruned), 400/s; about 25.0 % of level 1 (last: 2) done, 12 s left",
  );
});

test.each([
  [0.99, "100 s", "2 min left"],
  [0.9999, "many", "2.8 h left"],
  [0.9999999, "more", "116 days left"],
  [1 - 1e-12, "most", "years left"],
])("with %f left, at 1 run per second, %s", (shareLeft, _what, expected) => {
  const counts = { executions: 1, pruned: 0, steps: 9 };
  const text = searchProgressText({ counts, levelCounts: counts, level: 0, shareLeft }, 1, {
    executions: 1,
    pruned: 0,
    elapsedMs: 1000,
  });
  expect(text).toMatch(expected);
});

test("before anything is done there is no estimate", () => {
  const progress = { counts: NOTHING, levelCounts: NOTHING, level: 0, shareLeft: 1 };
  expect(searchProgressText(progress, 1, { executions: 0, pruned: 0, elapsedMs: 0 })).toBe(
    "0 executions, 0/s; about 0.0 % done",
  );
});
