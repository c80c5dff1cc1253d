/** A portfolio takes turns, drops who has nothing left, and ends when one member has covered everything. */

import { exhaustive, explore, portfolio, replaySchedule, roundRobin, type Strategy } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { lostUpdate, writers } from "../programs.ts";

/** A strategy that notes its name at the start of each execution that it runs. */
function noting(name: string, strategy: Strategy, log: string[]): Strategy {
  return {
    name,
    get isComplete() {
      return strategy.isComplete;
    },
    beginExploration: () => void log.push(`${name} told`),
    beginExecution: () => strategy.beginExecution() && log.push(name) > 0,
    pickThread: (point) => strategy.pickThread(point),
    pickValue: (count) => strategy.pickValue(count),
    endExecution: (_threads, ending) => void log.push(`${name} ${ending.kind}`),
  };
}

test("turns, in order, until one is complete", () => {
  const log: string[] = [];
  const members = [
    noting("a", replaySchedule(new Uint8Array()), log),
    noting("b", exhaustive({ preemptionsMax: 3 }), log),
    noting("c", roundRobin({ quantum: 1 }), log),
  ];
  const exploration = explore(writers(2, 2, true), portfolio(members), { stopAtFirst: false });
  expect(exploration.complete).toBe(true);
  expect(exploration.executions).toBe(8); // Six of b, which are all there are, and one each of a and c.
  const runs = log.filter((entry) => !entry.includes(" "));
  expect(runs.join("")).toBe("abcbbbbb");
  expect(log.filter((entry) => entry.endsWith(" told"))).toEqual(["a told", "b told", "c told"]);
  expect(log.filter((entry) => entry.endsWith(" finished"))).toHaveLength(8);
});

test("without a complete member it stays incomplete", () => {
  const members = [roundRobin({ quantum: 1 }), roundRobin({ quantum: 2 })];
  const exploration = explore(lostUpdate, portfolio(members), { stopAtFirst: false });
  expect(exploration.executions).toBe(2);
  expect(exploration.complete).toBe(false);
  expect(exploration.violations).toHaveLength(1); // Quantum 1 loses the update, quantum 2 does not.
});
