/** All scenario families, and how tokens find theirs. */

import { UsageError, type Scenario, type TokenContent } from "@mmrace/scheduler";
import type { Kernel } from "../kernels/kernels.ts";
import type { World } from "../state/world.ts";
import { isProgramName, programOf, programScenario } from "../programs/scenario.ts";
import { anonCollapseVsDontneed } from "./anon-collapse-vs-dontneed.ts";
import { anonCollapseVsGupFast } from "./anon-collapse-vs-gup-fast.ts";
import { collapseFileVsUffdMissing } from "./collapse-file-vs-uffd-missing.ts";
import { collapseInTwoMms } from "./collapse-in-two-mms.ts";
import { cpmtVsFault } from "./cpmt-vs-fault.ts";
import { cpmtVsGupFast } from "./cpmt-vs-gup-fast.ts";
import { cpmtVsRetract } from "./cpmt-vs-retract.ts";
import { cpmtVsPageReferenced, cpmtVsRmapWalk } from "./cpmt-vs-rmap-walk.ts";
import { cpmtVsSecondaryMmu } from "./cpmt-vs-secondary-mmu.ts";
import { cpmtVsUffdcopy, cpmtVsUffdcopyAndNeighbour } from "./cpmt-vs-uffdcopy.ts";
import { dontneedVsDontneed } from "./dontneed-vs-dontneed.ts";
import { dontneedVsFault, slowDontneedVsFault } from "./dontneed-vs-fault.ts";
import { dontneedVsRetract, dontneedVsUnmap, reclaimVsReclaim } from "./dontneed-vs-retract.ts";
import { dontneedVsSecondary } from "./dontneed-vs-secondary.ts";
import { exitVsRetract } from "./exit-vs-retract.ts";
import { guardVsFault, guardVsRetract } from "./guard.ts";
import { munmapVsFault, munmapVsRetract } from "./munmap.ts";
import { pfnmapMunmapVsRevoke } from "./pfnmap-munmap-vs-revoke.ts";
import { truncateVsDontneed, truncateVsFault } from "./truncate.ts";
import { geometryOf, type ScenarioFamily } from "./family.ts";
import { firstFaultVsFirstFault, faultVsFault, hugeFaultVsFill, zeroPageVsStore } from "./fault-anon.ts";
import { copyVsCopy, reuseVsCopy, speculationVsCopy, storeVsStoreAfterFork } from "./fault-cow.ts";
import { cowVsSharedStore, faultVsDetach, sharedStoreVsLoad } from "./fault-file.ts";
import { faultVsRetract } from "./fault-vs-retract.ts";
import { mremapVsRetract } from "./mremap-vs-retract.ts";
import { pinnedVsCollapse } from "./pinned-vs-collapse.ts";
import { retractVsUffdWp } from "./retract-vs-uffd-wp.ts";
import { retractVsUffdcopy } from "./retract-vs-uffdcopy.ts";
import { continueVsRetract } from "./continue-vs-retract.ts";
import { mremapVsTruncate } from "./mremap-vs-truncate.ts";
import { poisonVsRetract } from "./poison-vs-retract.ts";
import { uffdcopyVsFault } from "./uffdcopy-vs-fault.ts";
import { uffdcopyVsUffdcopy } from "./uffdcopy-vs-uffdcopy.ts";
import { uffdmoveCrossing } from "./uffdmove-crossing.ts";
import { uffdmoveLivelock } from "./uffdmove-livelock.ts";
import { uffdmoveVsMigration } from "./uffdmove-vs-migration.ts";
import { uffdmoveVsReclaim } from "./uffdmove-vs-reclaim.ts";
import { uffdmoveVsSwap } from "./uffdmove-vs-swap.ts";
import { uffdwpVsStore } from "./uffdwp-vs-store.ts";
import { zeropageVsRetract } from "./zeropage-vs-retract.ts";
import { anonCollapseVsStore, collapseFileVsLoad } from "./collapse-vs-store.ts";
import { dontneedVsStore } from "./dontneed-vs-store.ts";
import { mremapEntriesVsStore, mremapTableVsStore } from "./mremap-vs-store.ts";
import { uffdmoveSplits } from "./uffdmove-splits.ts";
import { zeropageVsFault } from "./zeropage-vs-fault.ts";
import { stalePtlFilemap } from "./stale-ptl-filemap.ts";

/** In the order of `mmrace list scenarios`. */
export const scenarioFamilies: readonly ScenarioFamily[] = [
  mremapVsRetract,
  cpmtVsUffdcopy,
  retractVsUffdcopy,
  faultVsRetract,
  cpmtVsRmapWalk,
  cpmtVsPageReferenced,
  cpmtVsGupFast,
  cpmtVsSecondaryMmu,
  cpmtVsRetract,
  collapseInTwoMms,
  retractVsUffdWp,
  collapseFileVsUffdMissing,
  anonCollapseVsGupFast,
  pinnedVsCollapse,
  anonCollapseVsDontneed,
  cpmtVsFault,
  cpmtVsUffdcopyAndNeighbour,
  uffdcopyVsUffdcopy,
  uffdcopyVsFault,
  zeropageVsRetract,
  continueVsRetract,
  poisonVsRetract,
  uffdwpVsStore,
  uffdmoveCrossing,
  uffdmoveVsReclaim,
  uffdmoveVsSwap,
  uffdmoveVsMigration,
  uffdmoveLivelock,
  mremapVsTruncate,
  faultVsFault,
  zeroPageVsStore,
  hugeFaultVsFill,
  reuseVsCopy,
  copyVsCopy,
  speculationVsCopy,
  storeVsStoreAfterFork,
  sharedStoreVsLoad,
  cowVsSharedStore,
  faultVsDetach,
  stalePtlFilemap,
  dontneedVsDontneed,
  dontneedVsFault,
  slowDontneedVsFault,
  dontneedVsRetract,
  dontneedVsUnmap,
  reclaimVsReclaim,
  dontneedVsSecondary,
  munmapVsFault,
  munmapVsRetract,
  exitVsRetract,
  truncateVsFault,
  truncateVsDontneed,
  guardVsFault,
  guardVsRetract,
  pfnmapMunmapVsRevoke,
  anonCollapseVsStore,
  collapseFileVsLoad,
  mremapTableVsStore,
  mremapEntriesVsStore,
  zeropageVsFault,
  firstFaultVsFirstFault,
  dontneedVsStore,
  uffdmoveSplits,
];

/** @throws {UsageError} when there is no such family. */
export function scenarioFamily(name: string): ScenarioFamily {
  const found = scenarioFamilies.find((family) => family.name === name);
  if (found !== undefined) return found;
  const names = scenarioFamilies.map((family) => family.name).join(", ");
  throw new UsageError(`There is no scenario "${name}". There are: ${names}.`);
}

/** What names a scenario: a token does, and so does a scenario itself. */
export type ScenarioIdentity = Pick<TokenContent, "scenario" | "variant" | "parameters">;

/**
 * The scenario that a token was made on: one of a family, or a program, which its parameters carry.
 *
 * @param kernel the release, where that is not the one of the token but one made from it.
 * @throws {UsageError} when this version does not have it.
 */
export function scenarioOf(
  token: ScenarioIdentity,
  kernel: string | Kernel = token.variant,
): Scenario<World> {
  if (isProgramName(token.scenario)) return programScenario(programOf(token), kernel);
  return scenarioFamily(token.scenario).on(kernel, geometryOf(token.parameters));
}
