/** The part of `mmrace fuzz` that hunts generated programs, and how its result is put out. */

import { programText } from "@mmrace/mm/programs";
import { kernelWith } from "../changes/changed-kernels.ts";
import type { FuzzJob } from "../engine/job.ts";
import { NEWEST } from "../programs/newest.ts";
import { ProgramHunt, type HuntResult } from "../programs/program-hunt.ts";
import type { CommandResult } from "./output.ts";

/** Hunts, if `--programs` asks for it. */
export async function huntPrograms(job: FuzzJob): Promise<HuntResult | undefined> {
  const { programs, kernel = NEWEST } = job.options;
  if (programs === undefined) return undefined;
  return await new ProgramHunt(job, programs, kernelWith(kernel, job.changes)).run();
}

/** The result of the campaigns with the programs that findings came from. */
export function withPrograms(result: CommandResult, hunted: HuntResult | undefined): CommandResult {
  if (hunted === undefined) return result;
  const { programs, tried, kept } = hunted;
  const texts = [...programs].map(([name, program]) => `# ${name}\n${programText(program).trimEnd()}`);
  return {
    ...result,
    text: [...texts, result.text].join("\n\n"),
    json: {
      ...result.json,
      programs: {
        tried,
        kept,
        findings: [...programs].map(([scenario, program]) => ({ scenario, text: programText(program) })),
      },
    },
  };
}
