/** A stack and a circular buffer of SCTBench, each behind one lock: what is wrong is when things are looked at. */

import { writeOnce } from "@mmrace/scheduler";
import { guarded, increment, repeated } from "../../bodies.ts";
import { program, type Body, type Expected, type Memory, type Program } from "../../program.ts";

/** The flag says that something was pushed, and is never cleared. */
function stack(rounds: number, expected: Expected): Program<Memory> {
  return program({
    id: `stack(${rounds})`,
    cells: { top: 0, flag: 0 },
    mutexes: ["m"],
    threads: {
      pusher: repeated(
        rounds,
        guarded("m", function* (memory) {
          yield* increment(memory, "top", 1);
          yield* writeOnce(memory.at("flag"), 1);
        }),
      ),
      popper: repeated(
        rounds,
        guarded("m", function* (memory, self) {
          if ((yield* memory.read(self, "flag")) === 0) return;
          if ((yield* memory.read(self, "top")) <= 0) memory.wrong = "popped from an empty stack";
          yield* increment(memory, "top", -1);
        }),
      ),
    },
    expected,
  });
}

/** Sender and receiver give each other the turn by two flags, and lose a round when it is not theirs. */
function circularBuffer(rounds: number, expected: Expected): Program<Memory> {
  return program({
    id: `circular_buffer(${rounds})`,
    cells: {
      maySend: 1,
      mayReceive: 0,
      sent: 0,
      received: 0,
      ...Object.fromEntries(Array.from({ length: rounds }, (_, i) => [`slot ${i}`, -1])),
    },
    mutexes: ["m"],
    threads: {
      *sender(memory, self) {
        for (let i = 0; i < rounds; i++) {
          yield* guarded("m", function* () {
            if ((yield* memory.read(self, "maySend")) === 0) return;
            const at = yield* increment(memory, "sent", 1);
            yield* writeOnce(memory.at(`slot ${at}`), i);
            yield* handOver(memory, "maySend", "mayReceive");
          })(memory, self);
        }
      },
      *receiver(memory, self) {
        for (let i = 0; i < rounds; i++) {
          yield* guarded("m", function* () {
            if ((yield* memory.read(self, "mayReceive")) === 0) return;
            const at = yield* increment(memory, "received", 1);
            if ((yield* memory.read(self, `slot ${at}`)) !== i) memory.wrong = "not the value of this round";
            yield* handOver(memory, "mayReceive", "maySend");
          })(memory, self);
        }
      },
    },
    expected,
  });
}

function* handOver(memory: Memory, from: string, to: string): ReturnType<Body> {
  yield* writeOnce(memory.at(from), 0);
  yield* writeOnce(memory.at(to), 1);
}

/** Those that a complete search can go through. */
export const buffers: readonly Program<Memory>[] = [
  stack(3, {
    traces: 20,
    interleavings: 20,
    wrongInterleavings: 6,
    walkRate: 1 / 4,
    preemptions: [
      [2, 4, 8, 4, 2],
      [0, 2, 2, 2, 0],
    ],
    delays: [
      [1, 3, 6, 6, 3],
      [0, 2, 1, 3, 0],
    ],
  }),
  circularBuffer(3, {
    traces: 20,
    interleavings: 20,
    wrongInterleavings: 12,
    walkRate: 1 / 2,
    preemptions: [
      [2, 4, 8, 4, 2],
      [0, 2, 6, 3, 1],
    ],
    delays: [
      [1, 3, 6, 6, 3],
      [0, 0, 4, 5, 2],
    ],
  }),
  circularBuffer(7, {
    traces: 3432,
    interleavings: 3432,
    wrongInterleavings: 3304,
    walkRate: 15 / 16,
    preemptions: [
      [2, 12, 72, 180, 450],
      [0, 6, 66, 165, 435],
    ],
    delays: [
      [1, 7, 42, 126, 315],
      [0, 0, 36, 111, 300],
    ],
  }),
];

/** Those that are for sampling and for bounded searches. */
export const largeBuffers: readonly Program<Memory>[] = [stack(10, { walkRate: 0.623867 })];
