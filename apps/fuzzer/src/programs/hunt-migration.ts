/** What becomes of a saved hunt, and of kept programs, when the model has changed since. */

import type { Kernel } from "@mmrace/mm";
import { packProgram, unpackProgram } from "@mmrace/mm/programs";
import { counted } from "../report/violation-text.ts";
import { warn } from "../report/warn.ts";
import type { KeptProgram, SeedProgram } from "./hunt-plan.ts";
import { savedProgress, type HuntState } from "./hunt-state.ts";
import { openPrograms } from "./open-programs.ts";
import { fingerprintOfProgram, whyNot, type ProgramFolder } from "./program-folder.ts";
import { NOTHING } from "./program-task.ts";

/**
 * A saved hunt as the present model can go on with it. Where programs behave as they did, that is all of it. Else what they
 * showed counts no more: all are run again, and stay if they still show something.
 */
export function migrated(state: HuntState, kernel: Kernel, folder: ProgramFolder): HuntState {
  const checked = state.plan.kept.map((one) => ({ ...one, now: fingerprintNow(one, kernel) }));
  if (checked.every(({ now, fingerprint }) => now.fingerprint === fingerprint)) return state;
  // The files of those that cannot be run any more are moved.
  openPrograms(folder);
  const seeds: SeedProgram[] = [];
  for (const { program, now } of checked) {
    if (now.fingerprint !== undefined) seeds.push({ program, isStale: true });
    else warn(`A kept program cannot be run any more: ${now.reason} Its packed form: ${program}`);
  }
  warn(
    `The model has changed since the hunt was saved: ${counted(seeds.length, "kept program")} of ${checked.length} are to be ` +
      `run again, and moved to ${folder.path}.superseded if they show nothing of their own any more.`,
  );
  return {
    ...state,
    features: "",
    plan: { ...state.plan, kept: [], seeds: [...seeds, ...state.plan.seeds] },
    // What they have done was done on the other model.
    tasks: state.tasks.map(({ at, program, seed }) => {
      const seedNow = seed === undefined ? {} : { seed };
      const canRun = fingerprintNow({ program }, kernel).fingerprint !== undefined;
      if (canRun) return { at, program, isWhole: false, ...seedNow };
      return { at, program, isWhole: true, progress: savedProgress(NOTHING), ...seedNow };
    }),
  };
}

/** The programs of a corpus, to begin with, the small ones first. Says which are run again for what they show. */
export function seedsOf(folder: ProgramFolder): readonly SeedProgram[] {
  const files = openPrograms(folder);
  const stale = files.filter(({ isStale }) => isStale).length;
  if (stale > 0)
    warn(
      `Another model has kept ${counted(stale, "program")} of ${files.length} in ${folder.path}. Such are run again, and moved to ` +
        `${folder.path}.superseded if they show nothing of their own any more.`,
    );
  return files.map(({ program, isStale }) => ({ program: packProgram(program), isStale }));
}

function fingerprintNow(
  { program }: Pick<KeptProgram, "program">,
  kernel: Kernel,
): { readonly fingerprint?: string; readonly reason: string } {
  try {
    return { fingerprint: fingerprintOfProgram(unpackProgram(program), kernel), reason: "" };
  } catch (error) {
    return { reason: whyNot(error, kernel) };
  }
}
