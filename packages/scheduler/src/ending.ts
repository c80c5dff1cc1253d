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

/** Everybody has had a turn since the last write: nothing will ever change. */
export function spinning(stepsSinceWrite: number): Ending {
  const message = `no write in the last ${stepsSinceWrite} steps, though every enabled thread ran`;
  return { kind: "livelock", oracle: "livelock", message };
}
