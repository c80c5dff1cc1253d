/** The endings that mean that something waits for ever, in words. */

import type { Ending } from "./outcome.ts";
import type { ModelThread } from "./thread.ts";

/** Nobody can run, and some threads have not finished: a livelock when one of them pauses in a spin loop. */
export function waitingForEver(waiting: readonly ModelThread[]): Ending {
  const spins = waiting.some(({ pending }) => pending?.kind.access === "all");
  const kind = spins ? "livelock" : "deadlock";
  const who = waiting.map(({ name, pending }) => `${name} at ${pending?.kind.name}(${pending?.object.name})`);
  return { kind, oracle: kind, message: `waiting for ever: ${who.join(", ")}` };
}

/** At the step limit: if everybody has had a turn since the last write, nothing will ever change. */
export function spinning(
  choicesSinceWrite: readonly number[],
  enabled: readonly ModelThread[],
): Ending | undefined {
  const turns = new Set(choicesSinceWrite);
  if (!enabled.every(({ id }) => turns.has(id))) return undefined;
  const message = `no write in the last ${choicesSinceWrite.length} steps, though every enabled thread ran`;
  return { kind: "livelock", oracle: "livelock", message };
}
