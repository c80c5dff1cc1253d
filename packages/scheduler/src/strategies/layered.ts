/** What strategies have in common that leave to another one whatever they do not decide themselves. */

import type { Ending } from "../outcome.ts";
import type { ExplorationFacts, SchedulingPoint, Strategy } from "../strategy.ts";
import type { ModelThread } from "../thread.ts";

/** A strategy over another one. By itself it changes nothing. */
export abstract class Layered implements Strategy {
  abstract readonly name: string;
  readonly isComplete = false;
  protected readonly base: Strategy;

  constructor(base: Strategy) {
    this.base = base;
  }

  beginExploration(facts: ExplorationFacts): void {
    this.base.beginExploration?.(facts);
  }

  beginExecution(): boolean {
    return this.base.beginExecution();
  }

  pickThread(point: SchedulingPoint): number {
    return this.base.pickThread(point);
  }

  pickValue(count: number): number {
    return this.base.pickValue(count);
  }

  endExecution(threads: readonly ModelThread[], ending: Ending): void {
    this.base.endExecution?.(threads, ending);
  }
}
