/** What tests of searches over states share. */

import {
  forget,
  Operation,
  searchStates,
  SharedObject,
  defineScenario,
  type OperationKind,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { expect } from "vitest";

/** What a search and its reference both count. */
function counts(found: { states: number; transitions: number; depth: number }): object {
  const { states, transitions, depth } = found;
  return { states, transitions, depth };
}

/** Compares a search with its reference: states, transitions, depth, findings with their steps. */
export function expectLikeReplay<W>(scenario: Scenario<W>, settings: { memory?: "sc" | "tso" } = {}): void {
  const found = searchStates(scenario, { ...settings, stopAtFirst: false });
  const replayed = statesByReplay(scenario, settings);
  expect(found.complete).toBe(true);
  expect(counts(found)).toEqual(counts(replayed));
  const findings = found.violations.map(({ signature, steps }) => [signature, steps]);
  expect(Object.fromEntries(findings)).toEqual(Object.fromEntries(replayed.findings));
}

/** A lock without owner checks. */
export class Fork extends SharedObject {
  owner: number | undefined = undefined;

  override stateValue(): unknown {
    return [this.owner];
  }
}

export const takeKind: OperationKind<Fork, void, void> = {
  name: "take",
  access: "write",
  isEnabled: ({ owner }) => owner === undefined,
  perform: (fork, _none, { id }) => void (fork.owner = id),
};
const putKind: OperationKind<Fork, void, void> = {
  name: "put",
  access: "write",
  perform: (fork) => void (fork.owner = undefined),
};

/** Philosophers who dine so often, and forget each time that they have. */
export function dining(n: number, rounds: number): Scenario<readonly Fork[]> {
  const philosopher = (at: number) =>
    function* (forks: readonly Fork[]): Steps<void> {
      const [left, right] = [forks[at]!, forks[(at + 1) % n]!];
      for (let round = 0; round < rounds; round++) {
        yield* forget("hungry");
        yield* Operation.of(takeKind, left, undefined);
        yield* Operation.of(takeKind, right, undefined);
        yield* Operation.of(putKind, right, undefined);
        yield* Operation.of(putKind, left, undefined);
      }
    };
  return defineScenario<readonly Fork[]>({
    name: `dining-${n}`,
    stepsMax: 200,
    setup: () => Array.from({ length: n }, (_, at) => new Fork("fork", `fork ${at}`)),
    threads: Object.fromEntries(Array.from({ length: n }, (_, at) => [`p${at}`, philosopher(at)])),
    properties: [],
  });
}
