/**
 * Two-phase commit, counted by others: 288 states with 3 resource managers, 8,832 with 5 (Stateright's example and unit test;
 * 288 is also what TLC says). Model: Gray and Lamport, "Consensus on Transaction Commit", ACM TODS 31(1), 2006, section 4 and
 * appendix: messages are a set that only grows, and everybody may act at any time that the model allows.
 */

import {
  always,
  Cell,
  defineScenario,
  forget,
  Operation,
  searchStates,
  trackGhosts,
  type OperationKind,
  type Scenario,
  type SharedObject,
  type Steps,
} from "@mmrace/scheduler";
import { statesByReplay } from "@mmrace/scheduler/testing";
import { expect, test } from "vitest";

interface Transaction {
  readonly coordinator: Cell<"init" | "committed" | "aborted">;
  readonly managers: readonly Cell<"working" | "prepared" | "committed" | "aborted">[];
  /** Who has sent that it is prepared, and of whom the coordinator has heard it. Its own messages say what it has decided. */
  readonly sent: readonly Cell<boolean>[];
  readonly heard: readonly Cell<boolean>[];
}

interface Action {
  readonly may: () => boolean;
  readonly act: () => void;
  readonly on: readonly SharedObject[];
}

type Actions = Readonly<Record<string, Action>>;

function actionsOfManager({ coordinator, managers, sent, heard }: Transaction, rm: number): Actions {
  const [manager, message, known] = [managers[rm]!, sent[rm]!, heard[rm]!];
  const become = (state: "prepared" | "committed" | "aborted") => () => void (manager.value = state);
  return {
    hear: {
      may: () => coordinator.value === "init" && message.value,
      act: () => void (known.value = true),
      on: [known, coordinator, message],
    },
    prepare: {
      may: () => manager.value === "working",
      act: () => {
        manager.value = "prepared";
        message.value = true;
      },
      on: [manager, message],
    },
    giveUp: { may: () => manager.value === "working", act: become("aborted"), on: [manager] },
    commit: {
      may: () => coordinator.value === "committed",
      act: become("committed"),
      on: [manager, coordinator],
    },
    abort: { may: () => coordinator.value === "aborted", act: become("aborted"), on: [manager, coordinator] },
  };
}

function actionsOfCoordinator({ coordinator, heard }: Transaction): Actions {
  const isOpen = (): boolean => coordinator.value === "init";
  return {
    commit: {
      may: () => isOpen() && heard.every(({ value }) => value),
      act: () => void (coordinator.value = "committed"),
      on: [coordinator, ...heard],
    },
    abort: { may: isOpen, act: () => void (coordinator.value = "aborted"), on: [coordinator] },
  };
}

const takeKind: OperationKind<SharedObject, Action, void> = {
  name: "action",
  access: "write",
  isEnabled: (_cell, { may }) => may(),
  touches: (_cell, { on }) => on.map((object) => ({ access: "write", object })),
  perform: (_cell, { act }) => act(),
};

function twoPhaseCommit(count: number): Scenario<Transaction> {
  const repeat = (actionOf: (transaction: Transaction) => Action) =>
    function* (transaction: Transaction): Steps<void> {
      const action = actionOf(transaction);
      for (;;) {
        yield* forget("again");
        yield* Operation.of(takeKind, action.on[0]!, action);
      }
    };
  const cells = <T>(name: string, value: T): readonly Cell<T>[] =>
    Array.from({ length: count }, (_, rm) => new Cell(name, value, { name: `${name} ${rm}` }));
  const setup = (): Transaction => ({
    coordinator: new Cell<Transaction["coordinator"]["value"]>("coordinator", "init"),
    managers: cells<Transaction["managers"][number]["value"]>("manager", "working"),
    sent: cells("sent", false),
    heard: cells("heard", false),
  });
  const threads: Record<string, (transaction: Transaction) => Steps<void>> = {};
  for (const name of ["commit", "abort"])
    threads[`coordinator: ${name}`] = repeat((transaction) => actionsOfCoordinator(transaction)[name]!);
  for (let rm = 0; rm < count; rm++)
    for (const name of ["hear", "prepare", "giveUp", "commit", "abort"])
      threads[`${rm}: ${name}`] = repeat((transaction) => actionsOfManager(transaction, rm)[name]!);
  return defineScenario({
    name: `two-phase-commit-${count}`,
    stepsMax: 100,
    setup: () => {
      trackGhosts(() => "none");
      return setup();
    },
    threads,
    properties: [
      always("nobody commits while another has aborted", ({ managers }: Transaction) => {
        const states = managers.map(({ value }) => value);
        return !states.includes("committed") || !states.includes("aborted");
      }),
    ],
  });
}

test("3 managers: 288 states, as by replay", () => {
  const scenario = twoPhaseCommit(3);
  const { states, transitions, depth, complete, outcome } = searchStates(scenario);
  expect({ states, complete, outcome }).toEqual({ states: 288, complete: true, outcome: { kind: "none" } });
  expect(statesByReplay(scenario)).toMatchObject({ states, transitions, depth });
});

test("5 managers: 8,832 states", () => {
  expect(searchStates(twoPhaseCommit(5))).toMatchObject({ states: 8832, complete: true });
});
