/** The guards of a procedure, and the scenarios and programs that come to them: found by running them. */

import { scenarioFamilies, type Kernel } from "@mmrace/mm";
import { UsageError } from "@mmrace/scheduler";
import { programPool, type PooledSite } from "./program-pool.ts";
import { sitesOf, type GuardKind, type Place, type SeenSite, type Situated } from "./sites.ts";

/** A place whose operation an ablation can remove. */
export interface Guard {
  /** `procedure/operation/class`. */
  readonly site: string;
  readonly kind: GuardKind;
  /** Names of the scenarios that come there, those with the fewest steps first. */
  readonly scenarios: readonly string[];
  /** Generated programs that come there, packed. */
  readonly programs: readonly string[];
}

/** No scenario comes to what was asked about. */
export class NeverExecuted extends UsageError {}

/** Where guards are looked for. */
export interface GuardSearch {
  readonly families?: readonly Situated[];
  /** Of a procedure, only guards of its own, and none of what it calls. */
  readonly own?: boolean;
  /** Hashes of the changes of the kernel. */
  readonly identity?: readonly string[];
  /** A directory where sites are kept. */
  readonly cache?: string | undefined;
  /** How many generated programs to name of those that come to a guard, at most. Default: none. */
  readonly programs?: number;
}

/** A guard in the making. */
interface Found {
  readonly kind: GuardKind;
  readonly scenarios: { readonly name: string; readonly steps: number }[];
  programs: readonly string[];
}

/**
 * The guards that belong to a target, by address. A site that nothing comes to is one without scenarios and programs.
 *
 * @param target a procedure, whose guards include those of what it calls; a site, with or without `/n`; or a lock class.
 * @throws {NeverExecuted} when nothing comes to such a procedure or lock class on the release.
 */
export function guardsOf(target: string, kernel: Kernel, search: GuardSearch = {}): readonly Guard[] {
  const [, site, nth] = /^(.+\/.+\/.+)\/(\d+)$/.exec(target) ?? [];
  if (site !== undefined)
    return guardsOf(site, kernel, search).map((guard) => ({ ...guard, site: `${site}/${nth}` }));
  const found = new Map<string, Found>();
  addScenarios(found, target, kernel, search);
  if ((search.programs ?? 0) > 0) addPrograms(found, target, kernel, search);
  if (found.size === 0) return neverExecuted(target, kernel.id);
  return [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([address, { kind, scenarios, programs }]) => ({
      site: address,
      kind,
      scenarios: scenarios.toSorted((a, b) => a.steps - b.steps).map(({ name }) => name),
      programs,
    }));
}

function addScenarios(found: Map<string, Found>, target: string, kernel: Kernel, search: GuardSearch): void {
  const { families = scenarioFamilies, own = false, identity = [], cache } = search;
  for (const family of families) {
    const { sites, steps } = sitesOf(family, kernel, identity, cache);
    for (const seen of sites.filter((one) => belongs(one, target, own)))
      entryFor(found, seen).scenarios.push({ name: family.name, steps });
  }
}

function addPrograms(found: Map<string, Found>, target: string, kernel: Kernel, search: GuardSearch): void {
  const { own = false, identity = [], cache, programs: count = 0 } = search;
  const pool = programPool(kernel, identity, cache);
  for (const site of pool.sites) {
    if (!belongs({ ...site, procedures: Object.keys(site.within) }, target, own)) continue;
    entryFor(found, site).programs = visitorsOf(site, target)
      .slice(0, count)
      .map((at) => pool.programs[at]!);
  }
}

/** Programs that come to a site within the target, where that is a procedure. */
function visitorsOf({ address, within }: PooledSite, target: string): readonly number[] {
  return within[target] ?? within[address.split("/")[0]!]!;
}

function entryFor(found: Map<string, Found>, { address, kind }: Place): Found {
  const known = found.get(address) ?? { kind, scenarios: [], programs: [] };
  found.set(address, known);
  return known;
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
  if (target.split("/").length === 3) return [{ site: target, kind: "step", scenarios: [], programs: [] }];
  throw new NeverExecuted(
    `No scenario comes to "${target}" on ${kernel}. Name a procedure in the kernel's spelling (retract_page_tables), ` +
      "a site (retract_page_tables/spin_lock/pte_lock) or a lock class (pte_lock); `mmrace list sites` shows all.",
  );
}
