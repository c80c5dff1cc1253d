// What guidance.mjs hunts for: the bug catalogue, and the SCTBench shapes.

import { ablationsOf, bugs } from "@mmrace/mm";
import { crowded, large, wrong } from "../suites/dist/index.js";

/** Left out: found by nobody within the executions of the table. It has a line of its own. */
export const EVEREST = "safe_stack";

/** Executions of one run. A hundred threads take long. */
const EXECUTIONS_MAX = 2000;
const CROWD_EXECUTIONS_MAX = 500;

const ofSuites = [...Object.values(wrong), ...Object.values(large), crowded].flat().map((program) => ({
  id: program.id,
  scenario: program.scenario,
  ablations: [],
  executionsMax: crowded.includes(program) ? CROWD_EXECUTIONS_MAX : EXECUTIONS_MAX,
}));

export const targets = [
  ...bugs.map((bug) => ({
    id: bug.id,
    scenario: bug.family.on(bug.buggy),
    ablations: ablationsOf(bug),
    executionsMax: EXECUTIONS_MAX,
  })),
  ...ofSuites.filter(({ id }) => id !== EVEREST),
];

export const everest = ofSuites.find(({ id }) => id === EVEREST);
