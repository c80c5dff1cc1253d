/**
 * Random programs over gates: counters that threads raise and lower, and wait for. Raising and lowering commute, waiting
 * commutes with neither, and what one thread does may block another and unblock it again: blocking at its worst.
 */

import {
  defineScenario,
  Operation,
  Prng,
  SharedObject,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import type { Program } from "./program.ts";

/** A counter with a list of who came through. */
export class Gate extends SharedObject {
  count = 0;
  readonly log: number[] = [];

  override stateValue(): unknown {
    return [this.count, ...this.log];
  }
}

const addKind: OperationKind<Gate, number, void> = {
  name: "add",
  // Additions commute, so they count as reads.
  access: "read",
  perform: (gate, by) => {
    gate.count += by;
  },
};

const passKind: OperationKind<Gate, number, void> = {
  name: "pass",
  access: "write",
  isEnabled: (gate, wanted) => gate.count === wanted,
  perform: (gate, _wanted, thread) => void gate.log.push(thread.id),
};

/** Adds to the counter of a gate. */
export function add(gate: Gate, by: number): Operation<void> {
  return Operation.of(addKind, gate, by);
}

/** Waits until the counter of a gate is `wanted`, and enters the log. */
export function pass(gate: Gate, wanted: number): Operation<void> {
  return Operation.of(passKind, gate, wanted);
}

/** One step of a thread: at gate 0 or 1, add -1 or +1, or pass at 0 or 1. */
export interface GateStep {
  readonly gate: 0 | 1;
  readonly kind: "add" | "pass";
  readonly value: number;
}

/** The program whose threads take these steps. */
export function gateProgram(
  id: string,
  threads: readonly (readonly GateStep[])[],
): Program<readonly [Gate, Gate]> {
  const body = (steps: readonly GateStep[]) =>
    function* (gates: readonly [Gate, Gate]): Steps<void> {
      for (const { gate, kind, value } of steps) yield* (kind === "add" ? add : pass)(gates[gate], value);
    };
  return {
    id,
    scenario: defineScenario({
      name: id,
      setup: () => [new Gate("gate"), new Gate("gate")] as const,
      threads: Object.fromEntries(threads.map((steps, at) => [`t${at}`, body(steps)] as const)),
      properties: [],
    }),
    finalState: (gates) => gates.map(({ count, log }) => `${count}[${log.join("")}]`).join(" "),
    expected: {},
  };
}

/** The program of a random seed: three or four threads of one to three steps. */
export function randomGates(randomSeed: number): Program<readonly [Gate, Gate]> {
  const prng = new Prng(randomSeed);
  const step = (): GateStep => {
    const gate = prng.below(3) === 0 ? 1 : 0;
    return prng.below(2) === 0
      ? { gate, kind: "add", value: prng.below(2) * 2 - 1 }
      : { gate, kind: "pass", value: prng.below(2) };
  };
  const threads = Array.from({ length: 3 + prng.below(2) }, () =>
    Array.from({ length: 1 + prng.below(3) }, step),
  );
  return gateProgram(`gates(${randomSeed})`, threads);
}
