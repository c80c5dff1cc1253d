/** Search over states: what it refuses, rather than missing states. */

import {
  defineScenario,
  Operation,
  searchStates,
  SharedObject,
  type OperationKind,
  type Scenario,
} from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { describe, expect, test } from "vitest";

describe("refused rather than missed", () => {
  class Secret extends SharedObject {
    value = 0;
  }
  class Told extends SharedObject {
    value = 0;
    readonly other: Told | undefined;
    constructor(other?: Told) {
      super("told");
      this.other = other;
    }
    override stateValue(): unknown {
      return this.value;
    }
  }
  const bump: OperationKind<Told, void, unknown> = {
    name: "bump",
    access: "write",
    perform: (told) => {
      if (told.other !== undefined) told.other.value++;
      return ++told.value;
    },
  };
  const peek: OperationKind<Told, void, unknown> = {
    name: "peek",
    access: "read",
    perform: (told) => told.other?.value ?? 0,
  };
  const waitAll: OperationKind<Told, void, unknown> = { name: "wait_all", access: "all", perform: () => {} };

  function touching(kind: OperationKind<Told, void, unknown>): Scenario<Told> {
    return defineScenario({
      name: "touching",
      setup: () => new Told(new Told()),
      threads: {
        *a(told) {
          yield* Operation.of(bump, told.other!, undefined);
          yield* Operation.of(kind, told, undefined);
        },
        *b(told) {
          yield* Operation.of(kind, told, undefined);
        },
      },
      properties: [],
    });
  }

  test("an object without a state", () => {
    const scenario = defineScenario({
      name: "secret",
      setup: () => new Secret("secret"),
      threads: {
        *a(secret) {
          yield* Operation.of({ name: "touch", access: "write", perform: () => {} }, secret, undefined);
        },
      },
      properties: [],
    });
    expect(() => searchStates(scenario)).toThrow(/secret \(class Secret\) does not say what its state is/);
  });

  test("a write that no footprint names", () => {
    expect(() => searchStates(touching(bump))).toThrow(/changed told, that no footprint names/);
  });

  test("a read that no footprint names", () => {
    const scenario = touching(peek);
    const found = searchStates(scenario);
    // The lie is not seen in what objects hold; the reference counts more.
    expect(found.states).toBeLessThan(statesByReplay(scenario).states);
  });

  test("an operation that looks at all memory", () => {
    expect(() => searchStates(touching(waitAll))).toThrow(/wait_all looks at all memory/);
  });

  test("memory touched in passing", () => {
    const passing: OperationKind<Told, void, unknown> = {
      name: "glance",
      access: "read",
      isSchedulingPoint: false,
      perform: () => {},
    };
    expect(() => searchStates(touching(passing))).toThrow(/glance is no scheduling point but touches memory/);
  });
});
