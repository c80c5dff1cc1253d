/** `toReplay`: whether a token still shows what it was recorded for. */

import { decodeToken, replayToken, type Scenario } from "@mmrace/scheduler";
import { isOf } from "./found-by.ts";
import { counted, counterexampleText, nameOf, titleOf } from "./texts.ts";
import { no, unknown, yes, type Verdict } from "./verdict.ts";

/**
 * Replays a token.
 *
 * @param oracle the oracle, or the sentence of the property, that it must break; any by default.
 * @throws {UsageError} when the text is no token, or a damaged one.
 */
export function replays<W>(scenario: Scenario<W>, token: string, oracle: string | undefined): Verdict {
  const content = decodeToken(token);
  const title = titleOf(scenario, content);
  const stranger = titleOf({ ...content, name: content.scenario }, content);
  if (stranger !== title) return unknown(`The token is one of ${stranger}, and this is ${title}.`);

  const again = replayToken(scenario, content);
  if (again.kind === "diverged") return unknown(`${title}: ${again.message}`);
  if (again.kind === "clean") {
    return no(
      () =>
        `The token should show something wrong in ${title}, but its ${counted(again.steps, "step")} go the recorded way ` +
        "and nothing is wrong with them.",
    );
  }
  const { violation } = again;
  if (!isOf(violation, oracle))
    return unknown(`The token should break "${oracle}" in ${title}, but it breaks ${nameOf(violation)}.`);
  return yes(
    () =>
      `The token should show nothing wrong in ${title}, but it breaks ${nameOf(violation)}.\n` +
      counterexampleText(scenario, violation),
  );
}
