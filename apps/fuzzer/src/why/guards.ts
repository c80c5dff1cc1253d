/** The guards of a procedure, and the scenarios that come to them: found by running them. */

import { scenarioFamilies, type ScenarioFamily } from "@mmrace/mm";
import {
  explore,
  iterativeBound,
  UsageError,
  type ModelThread,
  type Observer,
  type Operation,
} from "@mmrace/scheduler";

/** What a guard is, as far as its operation tells. */
export type GuardKind = "lock" | "RCU section" | "recheck" | "flush" | "notifier" | "grace period" | "step";

/** A place whose operation an ablation can remove. */
export interface Guard {
  /** `procedure/operation/class`. */
  readonly site: string;
  readonly kind: GuardKind;
  /** Names of the scenarios that come there, those with the fewest steps first. */
  readonly scenarios: readonly string[];
}

/** How far scenarios are run to find sites. */
const DISCOVERY = { preemptionsMax: 1, executionsMax: 1000 };

/**
 * The guards that belong to a target, by address. A site that no scenario comes to is one without scenarios.
 *
 * @param target a procedure, whose guards include those of what it calls; a site, with or without `/n`; or a lock class.
 * @throws {UsageError} when no scenario comes to such a procedure or lock class on the release.
 */
export function guardsOf(
  target: string,
  kernel: string,
  families: readonly ScenarioFamily[] = scenarioFamilies,
): readonly Guard[] {
  const [, site, nth] = /^(.+\/.+\/.+)\/(\d+)$/.exec(target) ?? [];
  if (site !== undefined)
    return guardsOf(site, kernel, families).map((guard) => ({ ...guard, site: `${site}/${nth}` }));
  const found = new Map<string, { kind: GuardKind; scenarios: { name: string; steps: number }[] }>();
  for (const family of families) {
    const observer = new GuardObserver(target);
    const { steps } = explore(family.on(kernel), iterativeBound(DISCOVERY), {
      executionsMax: DISCOVERY.executionsMax,
      stopAtFirst: false,
      observers: [observer],
    });
    for (const [site, kind] of observer.guards) {
      const known = found.get(site) ?? { kind, scenarios: [] };
      known.scenarios.push({ name: family.name, steps });
      found.set(site, known);
    }
  }
  if (found.size === 0) return neverExecuted(target, kernel);
  return [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([site, { kind, scenarios }]) => ({
      site,
      kind,
      scenarios: scenarios.toSorted((a, b) => a.steps - b.steps).map(({ name }) => name),
    }));
}

/** A site may be misspelt, or stand where nothing comes; anything else must be somewhere. */
function neverExecuted(target: string, kernel: string): readonly Guard[] {
  if (target.split("/").length === 3) return [{ site: target, kind: "step", scenarios: [] }];
  throw new UsageError(
    `No scenario comes to "${target}" on ${kernel}. Name a procedure in the kernel's spelling (retract_page_tables), ` +
      "a site (retract_page_tables/spin_lock/pte_lock) or a lock class (pte_lock); `mmrace list sites` shows all.",
  );
}

/** Notes the guards of one target. Releases go with their acquires, and what threads cannot do without is no guard. */
class GuardObserver implements Observer {
  readonly guards = new Map<string, GuardKind>();
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
  }

  onStep({ frames }: ModelThread, { kind, site, object }: Operation<unknown>): void {
    const { address, procedure } = site!;
    if (this.guards.has(address)) return;
    const target = this.#target;
    const isGuard = kind.role !== "release" && kind.isIndispensable !== true;
    const isMeant =
      target === procedure ||
      target === object.class.name ||
      frames.some((frame) => frame.procedure.name === target);
    if (target === address || (isMeant && isGuard))
      this.guards.set(address, kindOf(kind.name, kind.role, kind.access, object.class.name));
  }
}

function kindOf(operation: string, role: string | undefined, access: string, objectClass: string): GuardKind {
  if (operation === "grace_period") return "grace period";
  if (operation.startsWith("flush_tlb")) return "flush";
  if (objectClass === "mmu_notifier") return "notifier";
  if (operation === "rcu_read_lock") return "RCU section";
  if (role === "acquire") return "lock";
  return access === "read" ? "recheck" : "step";
}
