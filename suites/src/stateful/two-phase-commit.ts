/**
 * Two-phase commit (Gray and Lamport, "Consensus on transaction commit", TODS 2006, the specification TwoPhase): a manager
 * decides once all have prepared, or gives up before; messages stay on their way for ever.
 */

import { always, Cell, defineScenario, forget, sometimes, type Steps } from "@mmrace/scheduler";
import type { Program } from "../program.ts";
import { oneOf } from "./atomically.ts";

type Decision = "none" | "commit" | "abort";
type Vote = "working" | "prepared" | "committed" | "aborted";

/** A resource manager, and what others know of it. */
export class ResourceManager {
  readonly vote = new Cell<Vote>("vote", "working");
  /** Whether its message that it is prepared has been sent, and whether that has got to the manager. */
  readonly isSent = new Cell("prepared_sent", false);
  readonly isCounted = new Cell("prepared_counted", false);
}

/** The world of a commit. */
export interface CommitWorld {
  readonly decision: Cell<Decision>;
  readonly managers: readonly ResourceManager[];
}

function* decide({ decision, managers }: CommitWorld): Steps<void> {
  for (;;) {
    yield* forget("undecided");
    yield* oneOf([decision, ...managers.flatMap(({ isSent, isCounted }) => [isSent, isCounted])], () => {
      if (decision.value !== "none") return [];
      const counts = managers.map(({ isSent, isCounted }) =>
        isSent.value ? [() => (isCounted.value = true)] : [],
      );
      const commits = managers.every(({ isCounted }) => isCounted.value)
        ? [() => (decision.value = "commit")]
        : [];
      return [...counts.flat(), ...commits, () => (decision.value = "abort")].map((act) => () => void act());
    });
  }
}

function* takePart({ decision }: CommitWorld, { vote, isSent }: ResourceManager): Steps<void> {
  for (;;) {
    yield* forget("in a vote");
    yield* oneOf([vote, isSent, decision], () => {
      const isWorking = vote.value === "working";
      const prepare = (): void => {
        vote.value = "prepared";
        isSent.value = true;
      };
      const set = (next: Vote) => (): void => void (vote.value = next);
      return [
        ...(isWorking ? [prepare, set("aborted")] : []),
        ...(decision.value === "commit" ? [set("committed")] : []),
        ...(decision.value === "abort" ? [set("aborted")] : []),
      ];
    });
  }
}

/** So many resource managers, `rm0`, `rm1`, ... */
export function twoPhaseCommit(count: number, expected: Program["expected"]): Program<CommitWorld> {
  const id = `two-phase commit(${count})`;
  const managers = Array.from({ length: count }, (_, at) => at);
  const has = (vote: Vote) => (manager: ResourceManager) => manager.vote.value === vote;
  return {
    id,
    scenario: defineScenario<CommitWorld>({
      name: id,
      setup: () => ({
        decision: new Cell<Decision>("decision", "none"),
        managers: managers.map(() => new ResourceManager()),
      }),
      // A scenario has a thread; this one has nothing to do.
      threads: { *nobody() {} },
      daemons: {
        manager: decide,
        ...Object.fromEntries(
          managers.map(
            (at) => [`rm${at}`, (world: CommitWorld) => takePart(world, world.managers[at]!)] as const,
          ),
        ),
      },
      interchangeable: [
        { threads: managers.map((at) => `rm${at}`), owns: (world, at) => world.managers[at] },
      ],
      properties: [
        always(
          "consistent",
          (world) => !(world.managers.some(has("aborted")) && world.managers.some(has("committed"))),
        ),
        sometimes("all abort", (world) => world.managers.every(has("aborted"))),
        sometimes("all commit", (world) => world.managers.every(has("committed"))),
      ],
    }),
    finalState: (world) => [world.decision.value, ...world.managers.map(({ vote }) => vote.value)].join(" "),
    expected,
  };
}
