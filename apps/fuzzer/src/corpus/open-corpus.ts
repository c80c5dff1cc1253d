/** Opens a corpus for a campaign: damaged files are put aside, and a corpus of another model is run again. */

import type { World } from "@mmrace/mm";
import type { Scenario } from "@mmrace/scheduler";
import { warn } from "../report/warn.ts";
import { Distiller, type DistillSettings } from "./distiller.ts";
import { manifestOf, readManifest, writeManifest } from "./manifest.ts";
import { loadCorpus, putAside, type CorpusFile } from "./on-disk.ts";

/** The directory of a scenario in a corpus. */
export function corpusFolder({ name, variant }: Scenario<World>): string {
  return `${name}-${variant}`;
}

/** The schedules to begin with. Says what was damaged, and what became of schedules that another model has kept. */
export function openCorpus(
  directory: string,
  scenario: Scenario<World>,
  settings: DistillSettings,
): readonly CorpusFile[] {
  const { files, quarantined } = loadCorpus(directory);
  for (const path of quarantined) warn(`A corpus file was damaged: moved to ${path}.`);
  const now = manifestOf(scenario);
  const before = readManifest(directory);
  if (before?.fingerprint === now.fingerprint) return files;
  const isForeign = before !== undefined && files.length > 0;
  const current = isForeign
    ? migrated(files, scenario, settings, before.fingerprint, now.fingerprint)
    : files;
  writeManifest(directory, now);
  return current;
}

/**
 * Schedules that another model has kept are legal here too, but may show other things. All are run; those that show
 * nothing of their own any more are put aside, not deleted.
 */
function migrated(
  files: readonly CorpusFile[],
  scenario: Scenario<World>,
  settings: DistillSettings,
  from: string,
  to: string,
): readonly CorpusFile[] {
  const { kept, superseded } = new Distiller(scenario, settings).part(files);
  for (const file of superseded) putAside(file);
  const aside =
    superseded.length === 0
      ? ""
      : `; ${superseded.length} show nothing of their own any more and were moved to ${corpusFolder(scenario)}.superseded`;
  warn(
    `The corpus of ${scenario.name} was kept by model ${from}, and this is ${to}: all ${files.length} schedules were run ` +
      `again, ${kept.length} stay${aside}.`,
  );
  return kept;
}
