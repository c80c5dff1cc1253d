/** Searches that take far longer than the test may, each in another place. Run by test/e2e. */

import "@mmrace/vitest";
import { exhaustive } from "@mmrace/scheduler";
import { afterEach, expect, test, vi } from "vitest";
import { atomicUpdate, busyForLong, writers } from "../programs.ts";

const TIMEOUT = 400;
afterEach(() => vi.useRealTimers());

test(
  "many executions",
  () => {
    expect(writers(6, 6)).toHoldInEveryInterleaving();
  },
  TIMEOUT,
);

test(
  "one long execution",
  () => {
    expect(busyForLong).toHoldInEveryInterleaving();
  },
  TIMEOUT,
);

test(
  "a control",
  () => {
    expect(writers(6, 6)).not.toBeFoundBy(exhaustive(), { within: 1e9 });
  },
  TIMEOUT,
);

test(
  "time that stands still",
  () => {
    vi.useFakeTimers();
    expect(writers(6, 6)).toHoldInEveryInterleaving();
  },
  TIMEOUT,
);

test(
  "an asynchronous test that has waited before",
  async () => {
    await new Promise((resolve) => {
      setTimeout(resolve, TIMEOUT / 2);
    });
    expect(writers(6, 6)).toHoldInEveryInterleaving();
  },
  TIMEOUT,
);

test("in time after a retry", { retry: 1, timeout: TIMEOUT }, ({ task }) => {
  expect(task.result?.retryCount === 1 ? atomicUpdate : writers(6, 6)).toHoldInEveryInterleaving();
});
