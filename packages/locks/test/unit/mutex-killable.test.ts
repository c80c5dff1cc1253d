/** Killable waiting for a mutex: it ends with the mutex or with the signal, and strands nobody. */

import {
  complete,
  mutexLock,
  mutexLockKillable,
  mutexUnlock,
  sendSigkill,
  waitForCompletion,
} from "@mmrace/locks";
import { without } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { countInterleavings, END, WAIT, type Machine } from "../machines.ts";
import {
  enter,
  fairVisitor,
  leave,
  scenario,
  START,
  take,
  visit,
  visitor,
  type Body,
  type State,
} from "../room.ts";
import { expectCounts, expectCountsAnyway } from "../tally.ts";
import { one } from "../world.ts";

describe("killable", () => {
  const victim: Body = function* (w) {
    const error = yield* mutexLockKillable(w.mutex, w.signal);
    if (error === 0) yield* visit(w, "victim");
    else w.log.push(String(error));
  };
  const killer: Body = (w) => one(sendSigkill(w.signal));
  const kill: Machine<State> = [(s) => void (s.isKilled = true)];

  const unfairVictim = (id: number, killed: number = END): Machine<State> => [
    (s) => (s.owner === undefined ? take(s, id) : s.isKilled ? killed : WAIT),
    () => {},
    leave,
  ];
  const unfairVisitor = (id: number): Machine<State> => [
    (s) => (s.owner === undefined ? take(s, id) : WAIT),
    () => {},
    leave,
  ];
  const fairVictim = (id: number, killed: number = END): Machine<State> => [
    enter(id),
    (s) => {
      const isItsTurn = s.owner === undefined && s.waiters[0] === id;
      if (!isItsTurn && !s.isKilled) return WAIT;
      s.waiters = s.waiters.filter((waiter) => waiter !== id);
      return isItsTurn ? take(s, id) : killed;
    },
    () => {},
    leave,
  ];

  test.each([
    ["none", 19, [unfairVisitor(0), unfairVictim(1), kill]],
    ["fifo", 57, [fairVisitor(0), fairVictim(1), kill]],
  ] as const)("fairness %s: gets the mutex or the signal", (fairness, executions, machines) => {
    const counts = { executions, deadlocks: 0 };
    const model = scenario(fairness, { holder: visitor("holder"), victim, killer });
    const { outcomes } = expectCountsAnyway(model, counts);
    expect(countInterleavings(START, machines)).toEqual(counts);
    expect(outcomes).toEqual(
      new Set(["holder,victim; free, 0 wait", "victim,holder; free, 0 wait", "holder,-4; free, 0 wait"]),
    );
  });

  test("who was killed leaves the queue, and those behind come next", () => {
    const counts = { executions: 1440, deadlocks: 0 };
    const model = scenario("fifo", { holder: visitor("holder"), victim, killer, next: visitor("next") });
    const { outcomes } = expectCountsAnyway(model, counts);
    expect(countInterleavings(START, [fairVisitor(0), fairVictim(1), kill, fairVisitor(2)])).toEqual(counts);
    expect(outcomes).toContain("holder,-4,next; free, 0 wait");
  });

  test.each(["none", "fifo"] as const)("fairness %s: what is free is taken, killed or not", (fairness) => {
    const only: Body = function* (w) {
      yield* sendSigkill(w.signal);
      yield* victim(w);
    };
    const { outcomes } = expectCountsAnyway(scenario(fairness, { only }), { executions: 1, deadlocks: 0 });
    expect(outcomes).toEqual(new Set(["victim; free, 0 wait"]));
  });

  // By hand, the holder's visit becomes the wait for the victim's return. The victim has none; it returns, killed or not.
  const waitForReturn = (s: State): typeof WAIT | void => (s.isBack ? undefined : WAIT);
  const comeBack = (s: State): void => void (s.isBack = true);
  const unfairCircle = [
    unfairVisitor(0).with(1, waitForReturn),
    [...unfairVictim(1, 2).toSpliced(1, 1), comeBack],
    kill,
  ];
  const fairCircle = [
    fairVisitor(0).with(2, waitForReturn),
    [...fairVictim(1, 3).toSpliced(2, 1), comeBack],
    kill,
  ];

  // Nobody killed: with the holder first there is one way, into the deadlock. With the victim first the holder comes before
  // or behind its return, 2; or it queues before the unlock, and has its turn before or behind the return, 2 more.
  test.each([
    ["none", 16, 3],
    ["fifo", 33, 5],
  ] as const)("fairness %s: only the signal ends a wait in a circle", (fairness, executions, unkilled) => {
    const holder: Body = function* (w) {
      yield* mutexLock(w.mutex);
      yield* waitForCompletion(w.victimIsBack);
      yield* mutexUnlock(w.mutex);
    };
    const comesBack: Body = function* (w) {
      if ((yield* mutexLockKillable(w.mutex, w.signal)) === 0) yield* mutexUnlock(w.mutex);
      yield* complete(w.victimIsBack);
    };
    const model = scenario(fairness, { holder, comesBack, killer });
    expectCountsAnyway(model, { executions, deadlocks: 0 });
    const machines = fairness === "fifo" ? fairCircle : unfairCircle;
    expect(countInterleavings(START, machines)).toEqual({ executions, deadlocks: 0 });
    const ablations = [without.site("killer/send_sigkill/signal")];
    for (const memory of ["sc", "tso"] as const)
      expectCounts(model, { executions: unkilled, deadlocks: 1 }, { memory, ablations });
  });
});
