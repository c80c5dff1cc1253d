// A server for the test of campaigns over a queue.

import { ensureProgram } from "./debian-program.mjs";

/** @returns whether the tests can go on. */
export function ensureRedis() {
  return ensureProgram({
    names: ["redis-server"],
    package: "redis-server",
    variable: "MMRACE_REDIS",
    test: "the test of campaigns over a queue",
  });
}
