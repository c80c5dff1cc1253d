/** How `mmrace fuzz --programs` puts out what it came to. */

import { programText } from "@mmrace/mm/programs";
import type { HuntResult } from "../programs/hunt-result.ts";
import type { CommandResult } from "./output.ts";

/** The result of the campaigns with the programs that findings came from. */
export function withPrograms(result: CommandResult, hunted: HuntResult | undefined): CommandResult {
  if (hunted === undefined) return result;
  const { programs, tried, kept, folder } = hunted;
  const texts = [...programs].map(([name, program]) => `# ${name}\n${programText(program).trimEnd()}`);
  const where = kept === 0 ? [] : [`Programs that showed something new: ${folder}`];
  return {
    ...result,
    text: [...texts, [result.text, ...where].join("\n")].join("\n\n"),
    json: {
      ...result.json,
      programs: {
        tried,
        kept,
        folder,
        findings: [...programs].map(([scenario, program]) => ({ scenario, text: programText(program) })),
      },
    },
  };
}
