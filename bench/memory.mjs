// Does memory stay flat over a long search? Usage: node bench/memory.mjs [executions, default 10000000]. Build first.
// Ten looks at the heap, each after a full garbage collection; the last column is the garbage between them.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Cell, defineScenario, SliceRunner, SplitSearch, writeOnce } from "@mmrace/scheduler";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

const EXECUTIONS = Number(process.argv[2] ?? 10_000_000);
const LOOKS = 10;
const MIB = 1024 * 1024;

function* body(cell) {
  for (let i = 0; i < 6; i++) yield* writeOnce(cell, i);
}

/** Three threads of six writes: 18! / (6!)^3 = 17,153,136 interleavings. */
const scenario = defineScenario({
  name: "writers",
  setup: () => new Cell("cell", 0),
  threads: { a: body, b: body, c: body },
  properties: [],
});

function look(executions) {
  const before = process.memoryUsage().heapUsed;
  gc();
  const { heapUsed, rss } = process.memoryUsage();
  const inMib = (bytes) => (bytes / MIB).toFixed(2);
  console.log(
    `${executions.toLocaleString("en").padStart(10)} executions: heap ${inMib(heapUsed)} MiB, ` +
      `resident ${inMib(rss)} MiB, garbage ${inMib(before - heapUsed)} MiB`,
  );
}

const search = new SplitSearch(scenario, { levels: [{}], stopAtFirst: true, executionsMax: EXECUTIONS });
const runner = new SliceRunner(scenario, {});
let next = 0;
while (!search.isOver) {
  const { executions } = search.exploration();
  if (executions >= next) {
    look(executions);
    next += EXECUTIONS / LOOKS;
  }
  for (const request of search.take(1)) search.accept(runner.run(request));
}
look(search.exploration().executions);
