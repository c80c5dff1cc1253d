/** The sites of a scenario, and who comes there: found by running it, and kept. */

import { join } from "node:path";
import type { Kernel, ScenarioFamily } from "@mmrace/mm";
import {
  explore,
  hashToHex,
  iterativeBound,
  modelFingerprint,
  type ModelThread,
  type Observer,
  type Operation,
} from "@mmrace/scheduler";
import { array, boolean, intersect, number, object, picklist, string, type GenericSchema } from "valibot";
import { readKept, writeWhole } from "../engine/json-file.ts";
import { sha256 } from "../engine/sha256.ts";
import { version } from "../version.ts";

/** What a guard is, as far as its operation tells. */
export type GuardKind = "lock" | "RCU section" | "recheck" | "flush" | "notifier" | "grace period" | "step";

/** A place in a procedure. */
export interface Place {
  /** `procedure/operation/class`. */
  readonly address: string;
  readonly kind: GuardKind;
  /** Whether an ablation can take it out by itself. Releases go with their acquires, and what threads need is no guard. */
  readonly isGuard: boolean;
  readonly objectClass: string;
}

/** A place that a scenario comes to. */
export interface SeenSite extends Place {
  /** Procedures that were running when a thread came there. */
  readonly procedures: readonly string[];
}

/** What a scenario comes to. */
export interface SeenSites {
  readonly sites: readonly SeenSite[];
  readonly steps: number;
}

/** What can be run on any release: a scenario family, or a program. */
export type Situated = Pick<ScenarioFamily, "name" | "on">;

/** How far scenarios are run to find sites. */
const DISCOVERY = { preemptionsMax: 1, executionsMax: 1000 };

const KINDS = ["lock", "RCU section", "recheck", "flush", "notifier", "grace period", "step"] as const;

/** What a kept place looks like. */
export const keptPlace: GenericSchema<Place> = object({
  address: string(),
  kind: picklist(KINDS),
  isGuard: boolean(),
  objectClass: string(),
});

const seenSites: GenericSchema<SeenSites> = object({
  sites: array(intersect([keptPlace, object({ procedures: array(string()) })])),
  steps: number(),
});

/**
 * The sites of a scenario.
 *
 * @param identity what the kernel is besides how it behaves unpreempted: the hashes of changes.
 * @param cache a directory; `undefined`: nothing is kept.
 */
export function sitesOf(
  family: Situated,
  kernel: Kernel,
  identity: readonly string[],
  cache: string | undefined,
): SeenSites {
  const scenario = family.on(kernel);
  if (cache === undefined) return run();
  const key = [version(), family.name, kernel.id, hashToHex(modelFingerprint(scenario)), identity, DISCOVERY];
  const file = join(cache, `sites-${sha256(JSON.stringify(key)).slice(0, 32)}.json`);
  const known = readKept(file, seenSites);
  if (known !== undefined) return known;
  const seen = run();
  writeWhole(file, JSON.stringify(seen));
  return seen;

  function run(): SeenSites {
    const observer = new SiteObserver();
    const { steps } = explore(scenario, iterativeBound(DISCOVERY), {
      executionsMax: DISCOVERY.executionsMax,
      stopAtFirst: false,
      observers: [observer],
    });
    return { sites: observer.sites(), steps };
  }
}

/** Notes every site, and the procedures that were running. */
class SiteObserver implements Observer {
  readonly #seen = new Map<string, Place & { readonly procedures: Set<string> }>();

  onStep({ frames }: ModelThread, operation: Operation<unknown>): void {
    const { address, procedure } = operation.site!;
    let seen = this.#seen.get(address);
    if (seen === undefined) {
      seen = { ...placeOf(operation), procedures: new Set([procedure]) };
      this.#seen.set(address, seen);
    }
    for (const frame of frames) seen.procedures.add(frame.procedure.name);
  }

  sites(): readonly SeenSite[] {
    return [...this.#seen.values()].map((seen) => ({ ...seen, procedures: [...seen.procedures] }));
  }
}

/** Where an operation stands. */
export function placeOf({ kind, site, object }: Operation<unknown>): Place {
  const { name, role, access, isIndispensable } = kind;
  return {
    address: site!.address,
    kind: kindOf(name, role, access, object.class.name),
    isGuard: role !== "release" && isIndispensable !== true,
    objectClass: object.class.name,
  };
}

function kindOf(operation: string, role: string | undefined, access: string, objectClass: string): GuardKind {
  if (operation === "grace_period") return "grace period";
  if (operation.startsWith("flush_tlb")) return "flush";
  if (objectClass === "mmu_notifier") return "notifier";
  if (operation === "rcu_read_lock") return "RCU section";
  if (role === "acquire") return "lock";
  return access === "read" ? "recheck" : "step";
}
