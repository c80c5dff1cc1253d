/**
 * Whether a scenario goes wrong the same way with the guards in place: the execution that showed the finding is followed
 * step by step, and where a thread comes to a guard that was gone there, it takes it. A finding that is there all the same says
 * nothing about the guards.
 */

import {
  decodeToken,
  Engine,
  PRUNE,
  replaySchedule,
  type Ablation,
  type ModelThread,
  type Scenario,
  type SchedulingPoint,
  type Strategy,
  type Violation,
} from "@mmrace/scheduler";

/** One step of the execution that is followed. */
interface Step {
  readonly thread: number;
  readonly address: string;
}

/** Follows the execution of a finding without its ablations, once. */
export function goesTheSameWay<W>(
  scenario: Scenario<W>,
  { token, oracle }: Pick<Violation, "token" | "oracle">,
  ablations: readonly Ablation[],
): boolean {
  const content = decodeToken(token);
  const found = new Engine(scenario, content);
  const recorded = replaySchedule(content.schedule);
  recorded.beginExecution();
  found.run(recorded);
  const steps = found.sites.map(({ address }, at) => ({ thread: found.choices[at]!, address }));
  const follower = new Follower(steps, found.values, ablations);
  const ending = new Engine(scenario, { ...content, ablations: [] }).run(follower);
  return "oracle" in ending && ending.oracle === oracle;
}

class Follower implements Strategy {
  readonly name = "follower";
  readonly isComplete = false;
  readonly #steps: readonly Step[];
  readonly #values: readonly number[];
  /** Addresses of the guards, without the count of a single occurrence. */
  readonly #guards: readonly string[];
  #at = 0;
  #valuesTaken = 0;

  constructor(steps: readonly Step[], values: readonly number[], ablations: readonly Ablation[]) {
    this.#steps = steps;
    this.#values = values;
    this.#guards = ablations.map(({ site }) => site.split("/").slice(0, 3).join("/"));
  }

  beginExecution(): boolean {
    return true;
  }

  pickThread({ threads, enabled, current }: SchedulingPoint): number {
    const step = this.#steps[this.#at];
    if (step === undefined) return (current ?? enabled[0]!).id;
    const thread = threads[step.thread];
    if (thread?.isEnabled !== true) return PRUNE;
    if (thread.pending!.site!.address === step.address) this.#at++;
    else if (!this.#isGuard(thread)) return PRUNE;
    return thread.id;
  }

  pickValue(count: number): number {
    return (this.#values[this.#valuesTaken++] ?? 0) % count;
  }

  /** What is taken away with a lock or a notifier is its release as well, wherever that stands. */
  #isGuard({ pending }: ModelThread): boolean {
    const { site, kind, object } = pending!;
    return this.#guards.some(
      (guard) =>
        guard === site!.address || (kind.role === "release" && guard.endsWith(`/${object.class.name}`)),
    );
  }
}
