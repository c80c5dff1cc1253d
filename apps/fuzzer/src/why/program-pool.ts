/**
 * Generated programs, and the sites that they come to on a release. Half of them are made from earlier ones that came to a
 * site which none before had come to, so that calls which need much set-up get somewhere as well. One seed decides all, so
 * a release always has the same programs.
 */

import { join } from "node:path";
import { scenarioFamilies, type Kernel } from "@mmrace/mm";
import { packProgram, programScenario, type Program } from "@mmrace/mm/programs";
import {
  explore,
  hashToHex,
  modelFingerprint,
  Prng,
  random,
  type ModelThread,
  type Observer,
  type Operation,
  type SharedObject,
} from "@mmrace/scheduler";
import { array, intersect, number, object, record, string, type GenericSchema } from "valibot";
import { readKept, writeWhole } from "../engine/json-file.ts";
import { sha256 } from "../engine/sha256.ts";
import { drawProgram } from "../programs/draw-program.ts";
import { version } from "../version.ts";
import { keptPlace, placeOf, type Place } from "./sites.ts";

/** Programs that are tried. */
export const POOL_SIZE = 1500;
/** Programs that are kept of all that come to a site within a procedure. */
export const PER_SITE = 8;

/** Schedules by which a program is judged: few, as most of what it does it does under any. */
const SCHEDULES = 4;
const RANDOM_SEED = 1;

/** A place that programs come to. */
export interface PooledSite extends Place {
  /**
   * By the procedure that was running, numbers of programs: first those where another thread comes to the same object, then
   * those with fewer steps.
   */
  readonly within: Readonly<Record<string, readonly number[]>>;
}

/** Packed programs, and where they come to. */
export interface ProgramPool {
  readonly programs: readonly string[];
  readonly sites: readonly PooledSite[];
}

const poolSchema: GenericSchema<ProgramPool> = object({
  programs: array(string()),
  sites: array(intersect([keptPlace, object({ within: record(string(), array(number())) })])),
});

const pools = new Map<string, ProgramPool>();

/**
 * The programs of a release.
 *
 * @param identity what the kernel is besides how it behaves unpreempted: the hashes of changes.
 * @param cache a directory; `undefined`: nothing is kept.
 * @param size how many to try.
 */
export function programPool(
  kernel: Kernel,
  identity: readonly string[],
  cache: string | undefined,
  size: number = POOL_SIZE,
): ProgramPool {
  const models = scenarioFamilies.map((family) => hashToHex(modelFingerprint(family.on(kernel))));
  const key = JSON.stringify([version(), kernel.id, models, identity, size, PER_SITE, SCHEDULES]);
  const known = pools.get(key);
  if (known !== undefined) return known;
  const file = cache === undefined ? undefined : join(cache, `programs-${sha256(key).slice(0, 32)}.json`);
  const kept = file === undefined ? undefined : readKept(file, poolSchema);
  const pool = kept ?? new PoolMaker(kernel).make(size);
  if (file !== undefined && kept === undefined) writeWhole(file, JSON.stringify(pool));
  pools.set(key, pool);
  return pool;
}

/** A program that came to a site. */
interface Visit {
  readonly program: number;
  readonly steps: number;
  readonly isShared: boolean;
}

class PoolMaker {
  readonly #kernel: Kernel;
  readonly #prng = new Prng(RANDOM_SEED);
  readonly #programs: Program[] = [];
  readonly #worthMore: Program[] = [];
  readonly #sites = new Map<string, { readonly place: Place; readonly within: Map<string, Visit[]> }>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  make(size: number): ProgramPool {
    while (this.#programs.length < size) this.#try(drawProgram(this.#prng, this.#worthMore, (one) => one));
    const used = new Map<number, number>();
    const numberOf = ({ program }: Visit): number => {
      const known = used.get(program) ?? used.size;
      used.set(program, known);
      return known;
    };
    const sites = [...this.#sites.values()].map(({ place, within }) => ({
      ...place,
      within: Object.fromEntries(
        [...within].map(([procedure, visits]) => [procedure, bestOf(visits).map(numberOf)]),
      ),
    }));
    return { programs: [...used.keys()].map((at) => packProgram(this.#programs[at]!)), sites };
  }

  #try(program: Program): void {
    const at = this.#programs.push(program) - 1;
    const observer = new VisitObserver();
    const { steps } = explore(
      programScenario(program, this.#kernel),
      random({ randomSeed: RANDOM_SEED, executionsMax: SCHEDULES }),
      { executionsMax: SCHEDULES, stopAtFirst: false, observers: [observer] },
    );
    const before = this.#sites.size;
    for (const { place, procedures, isShared } of observer.seen()) {
      const site = this.#sites.get(place.address) ?? { place, within: new Map<string, Visit[]>() };
      this.#sites.set(place.address, site);
      for (const procedure of procedures) {
        const visits = site.within.get(procedure) ?? [];
        visits.push({ program: at, steps, isShared });
        site.within.set(procedure, visits);
      }
    }
    if (this.#sites.size > before) this.#worthMore.push(program);
  }
}

function bestOf(visits: readonly Visit[]): readonly Visit[] {
  return visits
    .toSorted((a, b) => Number(b.isShared) - Number(a.isShared) || a.steps - b.steps || a.program - b.program)
    .slice(0, PER_SITE);
}

interface SeenPlace {
  readonly place: Place;
  readonly procedures: Set<string>;
  readonly objects: Set<SharedObject>;
  isShared: boolean;
}

/** Notes every site, the procedures that were running, and whether another thread came to the same object. */
class VisitObserver implements Observer {
  readonly #seen = new Map<string, SeenPlace>();
  readonly #threads = new Map<SharedObject, Set<ModelThread>>();

  beginExecution(): void {
    this.#settle();
  }

  onStep(thread: ModelThread, operation: Operation<unknown>): void {
    const { object: touched, site } = operation;
    const { address, procedure } = site!;
    let seen = this.#seen.get(address);
    if (seen === undefined) {
      const procedures = new Set([procedure]);
      seen = { place: placeOf(operation), procedures, objects: new Set(), isShared: false };
      this.#seen.set(address, seen);
    }
    for (const frame of thread.frames) seen.procedures.add(frame.procedure.name);
    seen.objects.add(touched);
    const threads = this.#threads.get(touched);
    if (threads === undefined) this.#threads.set(touched, new Set([thread]));
    else threads.add(thread);
  }

  seen(): readonly SeenPlace[] {
    this.#settle();
    return [...this.#seen.values()];
  }

  /** At the end of an execution it is known who came where. */
  #settle(): void {
    for (const seen of this.#seen.values()) {
      seen.isShared ||= [...seen.objects].some((one) => this.#threads.get(one)!.size > 1);
      seen.objects.clear();
    }
    this.#threads.clear();
  }
}
