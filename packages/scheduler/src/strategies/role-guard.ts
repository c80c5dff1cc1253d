/** Refuses models whose operations break what `Role` promises, since partial-order reduction would then miss executions. */

import { UsageError } from "../assert.ts";
import { conflicts, isBlockable } from "../footprint.ts";
import type { SchedulingPoint } from "../strategy.ts";

/** Watches the releases of one execution at a time. */
export class RoleGuard {
  readonly #strategy: string;
  /** A release that did not hold, in words: an error unless the operation reports it. */
  #suspicion: string | undefined;

  /** @param strategy its name, for the message. */
  constructor(strategy: string) {
    this.#strategy = strategy;
  }

  restart(): void {
    this.#suspicion = undefined;
  }

  /** Notes it when a thread is about to release what another one could acquire at the same time. */
  suspect({ enabled, threads }: SchedulingPoint, thread: number): void {
    const release = threads[thread]!.pending!;
    for (const { id, pending, name } of enabled) {
      const { role, thenWait } = pending!.kind;
      // What may have to wait after all can run at any time, and promises nothing.
      const isBlocking = thenWait === undefined && isBlockable(pending!.kind, threads[id]);
      const isAcquire = role === "acquire" && isBlocking && pending!.object === release.object;
      if (id === thread || !isAcquire || !conflicts(pending!, release)) continue;
      this.#suspicion = `${release.kind.name}(${release.object.name}) ran while ${name} could do ${pending!.kind.name}`;
    }
  }

  /**
   * To be called once the suspicious step has not ended the execution with a violation.
   *
   * @throws {UsageError} when operations break what `Role` promises.
   */
  check(): void {
    if (this.#suspicion === undefined) return;
    throw new UsageError(
      `${this.#strategy}: ${this.#suspicion}. An operation with role "release" must be performed by the holder, or ` +
        "report a violation. Take the roles off operations that do not exclude each other.",
    );
  }
}
