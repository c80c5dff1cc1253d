/** The guards of a procedure, and the scenarios that come to them: found by running them. */

import { scenarioFamilies, type Kernel, type ScenarioFamily } from "@mmrace/mm";
import { UsageError } from "@mmrace/scheduler";
import { sitesOf, type GuardKind, type SeenSite } from "./sites.ts";

/** A place whose operation an ablation can remove. */
export interface Guard {
  /** `procedure/operation/class`. */
  readonly site: string;
  readonly kind: GuardKind;
  /** Names of the scenarios that come there, those with the fewest steps first. */
  readonly scenarios: readonly string[];
}

/** No scenario comes to what was asked about. */
export class NeverExecuted extends UsageError {}

/** Where guards are looked for. */
export interface GuardSearch {
  readonly families?: readonly ScenarioFamily[];
  /** Of a procedure, only guards of its own, and none of what it calls. */
  readonly own?: boolean;
  /** Hashes of the changes of the kernel. */
  readonly identity?: readonly string[];
  /** A directory where sites are kept. */
  readonly cache?: string | undefined;
}

/**
 * The guards that belong to a target, by address. A site that no scenario comes to is one without scenarios.
 *
 * @param target a procedure, whose guards include those of what it calls; a site, with or without `/n`; or a lock class.
 * @throws {NeverExecuted} when no scenario comes to such a procedure or lock class on the release.
 */
export function guardsOf(target: string, kernel: Kernel, search: GuardSearch = {}): readonly Guard[] {
  const [, site, nth] = /^(.+\/.+\/.+)\/(\d+)$/.exec(target) ?? [];
  if (site !== undefined)
    return guardsOf(site, kernel, search).map((guard) => ({ ...guard, site: `${site}/${nth}` }));
  const { families = scenarioFamilies, own = false, identity = [], cache } = search;
  const found = new Map<string, { kind: GuardKind; scenarios: { name: string; steps: number }[] }>();
  for (const family of families) {
    const { sites, steps } = sitesOf(family, kernel, identity, cache);
    for (const { address, kind } of sites.filter((seen) => belongs(seen, target, own))) {
      const known = found.get(address) ?? { kind, scenarios: [] };
      known.scenarios.push({ name: family.name, steps });
      found.set(address, known);
    }
  }
  if (found.size === 0) return neverExecuted(target, kernel.id);
  return [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([site, { kind, scenarios }]) => ({
      site,
      kind,
      scenarios: scenarios.toSorted((a, b) => a.steps - b.steps).map(({ name }) => name),
    }));
}

function belongs(
  { address, isGuard, objectClass, procedures }: SeenSite,
  target: string,
  own: boolean,
): boolean {
  if (address === target) return true;
  if (!isGuard) return false;
  const isOfProcedure = own ? address.startsWith(`${target}/`) : procedures.includes(target);
  return isOfProcedure || objectClass === target;
}

/** A site may be misspelt, or stand where nothing comes; anything else must be somewhere. */
function neverExecuted(target: string, kernel: string): readonly Guard[] {
  if (target.split("/").length === 3) return [{ site: target, kind: "step", scenarios: [] }];
  throw new NeverExecuted(
    `No scenario comes to "${target}" on ${kernel}. Name a procedure in the kernel's spelling (retract_page_tables), ` +
      "a site (retract_page_tables/spin_lock/pte_lock) or a lock class (pte_lock); `mmrace list sites` shows all.",
  );
}
