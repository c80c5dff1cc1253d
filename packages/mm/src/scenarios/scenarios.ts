/** All scenario families, and how tokens find theirs. */

import { UsageError, type Scenario, type TokenContent } from "@mmrace/scheduler";
import type { World } from "../state/world.ts";
import { cpmtVsUffdcopy } from "./cpmt-vs-uffdcopy.ts";
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
import { faultVsRetract } from "./fault-vs-retract.ts";
import { mremapVsRetract } from "./mremap-vs-retract.ts";
import { retractVsUffdcopy } from "./retract-vs-uffdcopy.ts";

/** In the order of `mmrace list scenarios`. */
export const scenarioFamilies: readonly ScenarioFamily[] = [
  mremapVsRetract,
  cpmtVsUffdcopy,
  retractVsUffdcopy,
  faultVsRetract,
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
];

/** @throws {UsageError} when there is no such family. */
export function scenarioFamily(name: string): ScenarioFamily {
  const found = scenarioFamilies.find((family) => family.name === name);
  if (found !== undefined) return found;
  const names = scenarioFamilies.map((family) => family.name).join(", ");
  throw new UsageError(`There is no scenario "${name}". There are: ${names}.`);
}

/** The scenario that a token was made on. @throws {UsageError} when this version does not have it. */
export function scenarioOf(token: TokenContent): Scenario<World> {
  return scenarioFamily(token.scenario).on(token.variant, geometryOf(token.parameters));
}
