/** A test file for a vitest project: it shows the finding again, and guards its fix. */

import type { Violation } from "@mmrace/scheduler";

/** The text of the file. */
export function regressionTest(violation: Violation, place: string, columns: string): string {
  const { oracle, message, signature, token } = violation;
  const picture = columns
    .split("\n")
    // What ends a comment cannot stand in one.
    .map((line) => ` * ${line}`.trimEnd().replaceAll("*/", "* /"))
    .join("\n");
  return `/**
 * A finding of mmrace, ${place.replaceAll("*/", "* /")}.
 *
${picture}
 *
 * Needs the packages vitest, @mmrace/mm and @mmrace/scheduler.
 */

import { scenarioOf } from "@mmrace/mm";
import { decodeToken, replayToken } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

/** The execution above. */
const token =
  ${JSON.stringify(token)};
const signature = ${JSON.stringify(signature)};

/** What running the token comes to: the finding, nothing, or another way since the model is another one. */
function run(): { readonly kind: string; readonly signature?: string } {
  const content = decodeToken(token);
  const replayed = replayToken(scenarioOf(content), content);
  if (replayed.kind !== "reproduced") return { kind: replayed.kind };
  return { kind: replayed.kind, signature: replayed.violation.signature };
}

describe(${JSON.stringify(`${oracle}: ${message}`)}, () => {
  // As long as it is not fixed. Once it is, remove this test.
  test("the token shows it", () => {
    expect(run()).toEqual({ kind: "reproduced", signature });
  });

  // The guard of the fix. Once it is fixed, this fails: then take away ".fails".
  test.fails("it does not come back", () => {
    expect(run()).not.toMatchObject({ signature });
  });
});
`;
}
