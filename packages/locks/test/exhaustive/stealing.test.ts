/**
 * Two readers find a semaphore free that a writer waits for. The first of them steals it; the second then finds readers
 * inside and has to queue. So the two do not commute, though both could have it: a search that thinks they do loses the
 * endings of one order. And trylocks steal nothing.
 */

import {
  downRead,
  downReadTrylock,
  downWrite,
  downWriteTrylock,
  upRead,
  upWrite,
  type RwSem,
} from "@mmrace/locks";
import { Operation, writeOnce, type Cell, type OperationKind, type Steps } from "@mmrace/scheduler";
import { expect, test } from "vitest";
import { expectAgreement, type Body, type World } from "../world.ts";

/** Only for these tests: goes on once somebody waits. */
const untilWaitedKind: OperationKind<RwSem, void, void> = {
  name: "until_waited",
  access: "read",
  isEnabled: ({ queue }) => !queue.isEmpty,
  perform: () => {},
};

/** Only for these tests: goes on once a cell is set. */
const untilSetKind: OperationKind<Cell<number>, void, void> = {
  name: "until_set",
  access: "read",
  isEnabled: ({ value }) => value === 1,
  perform: () => {},
};

function untilWaited(sem: RwSem): Operation<void> {
  return Operation.of(untilWaitedKind, sem, undefined);
}

function untilSet(cell: Cell<number>): Operation<void> {
  return Operation.of(untilSetKind, cell, undefined);
}

/** Frees the semaphore while the writer waits, and says so. */
function* holder({ sem, flag }: World): Steps<void> {
  yield* downWrite(sem);
  yield* untilWaited(sem);
  yield* upWrite(sem);
  yield* writeOnce(flag, 1);
}

function* writer({ sem }: World): Steps<void> {
  yield* downWrite(sem);
  yield* upWrite(sem);
}

/** The writer came before the holder or not at all: then nobody waits when the holder frees the semaphore. */
const TOO_EARLY = /holder at (until_waited|down_write)/;

test.each(["sc", "tso"] as const)(
  "the second reader queues behind the writer that the first has passed: %s",
  (memory) => {
    const outcomes = expectAgreement(
      {
        holder,
        writer,
        *first(w) {
          yield* untilSet(w.flag);
          yield* downRead(w.sem);
          yield* writeOnce(w.cell, 1);
          yield* upRead(w.sem);
        },
        *second(w) {
          yield* untilSet(w.flag);
          yield* downRead(w.sem);
          yield* untilSet(w.cell);
          yield* upRead(w.sem);
        },
      },
      [],
      memory,
    );
    const rest = [...outcomes].filter((text) => !TOO_EARLY.test(text));
    expect(rest.toSorted()).toEqual([
      "",
      "deadlock: waiting for ever: writer at down_write(sem), first at down_read(sem), second at until_set(cell)",
    ]);
  },
);

test.each<[string, (sem: RwSem) => Operation<boolean>]>([
  ["down_read_trylock", downReadTrylock],
  ["down_write_trylock", downWriteTrylock],
])("%s fails while somebody waits, even if the semaphore is free", (_name, attempt) => {
  const tryer: Body = function* (w) {
    yield* untilSet(w.flag);
    w.log.push(`before the writer: ${yield* attempt(w.sem)}`);
    yield* writeOnce(w.cell, 1);
  };
  const waiter: Body = function* (w) {
    yield* downWrite(w.sem);
    yield* untilSet(w.cell);
    yield* upWrite(w.sem);
  };
  const outcomes = expectAgreement({ holder, writer: waiter, tryer });
  const rest = [...outcomes].filter((text) => !TOO_EARLY.test(text));
  expect(rest).toEqual(["before the writer: false"]);
});
