/** What one execution did to shared locations: the material of constraints and of forced orders. */

import type { AccessPoint, ModelThread, Observer, Operation } from "@mmrace/scheduler";

/** One access. */
export interface LoggedAccess extends AccessPoint {
  readonly location: number;
  readonly isWrite: boolean;
}

/** Two accesses of a location in a row, by different threads, at least one of which writes. */
export interface Race {
  readonly location: number;
  /** Step of the access that came first. */
  readonly step: number;
  readonly first: AccessPoint;
  readonly second: AccessPoint;
}

/** Records one execution at a time. */
export class AccessLog implements Observer {
  /** The races of the execution, in the order of their second accesses. */
  readonly races: Race[] = [];
  /** By location: the distinct accesses, in the order of their first occurrence. */
  readonly #accesses = new Map<number, LoggedAccess[]>();
  /** By location: the step of the last access, and what it was. */
  readonly #last: ({ readonly step: number; readonly access: LoggedAccess } | undefined)[] = [];
  #step = 0;

  beginExecution(): void {
    this.races.length = 0;
    this.#accesses.clear();
    this.#last.fill(undefined);
    this.#step = 0;
  }

  onStep(thread: ModelThread, { kind, object, site }: Operation<unknown>): void {
    // What is no scheduling point is no choice of its own: it belongs to the step before.
    const step = kind.isSchedulingPoint === false ? this.#step - 1 : this.#step++;
    if (kind.access === "none" || kind.access === "all") return;
    const { location } = object;
    const access: LoggedAccess = {
      thread: thread.id,
      site: site!.hash,
      location,
      isWrite: kind.access !== "read",
    };
    this.#remember(access);
    const last = this.#last[location];
    if (last !== undefined && last.access.thread !== thread.id && (last.access.isWrite || access.isWrite))
      this.races.push({ location, step: last.step, first: last.access, second: access });
    this.#last[location] = { step, access };
  }

  /** The distinct accesses of each location that several threads share and at least one of them writes. */
  shared(): readonly (readonly LoggedAccess[])[] {
    return [...this.#accesses.values()].filter(
      (accesses) =>
        accesses.some(({ isWrite }) => isWrite) &&
        accesses.some(({ thread }) => thread !== accesses[0]!.thread),
    );
  }

  #remember(access: LoggedAccess): void {
    const known = this.#accesses.get(access.location);
    if (known === undefined) this.#accesses.set(access.location, [access]);
    else if (!known.some((other) => isSame(other, access))) known.push(access);
  }
}

function isSame(a: AccessPoint, b: AccessPoint): boolean {
  return a.thread === b.thread && a.site === b.site;
}
