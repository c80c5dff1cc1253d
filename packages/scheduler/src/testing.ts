/** Assertions for tests, in any test runner: they throw an Error whose text ends with how to replay. */

import type { Exploration } from "./explorer.ts";
import type { Violation } from "./outcome.ts";

export { statesByReplay } from "./states/replayed.ts";
export type { ReplayedStates } from "./states/replayed.ts";

function fail(message: string): never {
  throw new Error(message);
}

function show({ oracle, message, token }: Violation): string {
  return `${oracle}: ${message}\nReplay it with: replay("${token}")`;
}

/** Fails when something was found, when nothing ran, or when a `sometimes` property was never reached. */
export function expectNoViolation(exploration: Exploration): void {
  const { outcome, executions, unreached } = exploration;
  if ("violation" in outcome) fail(`Expected no violation, found ${show(outcome.violation)}`);
  if (outcome.kind === "notReproducible") fail(outcome.message);
  if (outcome.kind === "stepLimit")
    fail(`An execution was cut off after ${outcome.steps} steps; raise stepsMax.`);
  if (executions === 0) fail("Expected no violation, but not one execution was run.");
  if (unreached.length > 0) fail(`The scenario never got there: ${unreached.join("; ")}.`);
}

/** Fails unless an oracle or a property of that name found something. Returns the finding. */
export function expectViolation(exploration: Exploration, oracleOrMessage: string): Violation {
  const { violations, outcome, executions } = exploration;
  const found = violations.find(
    ({ oracle, message }) => oracle === oracleOrMessage || message === oracleOrMessage,
  );
  if (found !== undefined) return found;
  const others = violations.map(({ oracle, message }) => `${oracle}: ${message}`);
  const instead = others.length > 0 ? `found ${others.join("; ")}` : `ended with ${outcome.kind}`;
  return fail(`Expected "${oracleOrMessage}" to be violated; ${executions} executions ${instead}.`);
}

/** Fails unless the exploration was complete, clean, and ran exactly so many executions. */
export function expectExactly(exploration: Exploration, executions: number): void {
  expectNoViolation(exploration);
  if (!exploration.complete)
    fail(`Expected a complete search; it stopped after ${exploration.executions} executions.`);
  if (exploration.executions !== executions) {
    fail(`Expected exactly ${executions} executions, counted ${exploration.executions}.`);
  }
}
