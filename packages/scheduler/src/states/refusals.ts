/** Why a search over states refuses a model, in words: rather than missing states silently. */

import type { Landmark } from "../landmark.ts";
import type { AnyKind, Operation } from "../operation.ts";
import type { ModelThread } from "../thread.ts";

const INSTEAD = "Search by replay: dpor(), exhaustive().";

export function footprintHides(what: string): string {
  return (
    `${what} that no footprint names. Either \`touches\` says too little, or local code of a thread changes shared state ` +
    `(name that with trackState or trackCounter). ${INSTEAD}`
  );
}

export function footprintChanges(announced: string | undefined): string {
  return (
    `What ${announced} touches does not follow from its own object and its CPU, so a search over states cannot know ` +
    `what to look at. ${INSTEAD}`
  );
}

export function touchesInPassing({ name }: AnyKind): string {
  return `${name} is no scheduling point but touches memory; a search over states cannot know that it does. ${INSTEAD}`;
}

export function looksAtAll({ kind }: Operation<unknown>): string {
  return `${kind.name} looks at all memory; a search over states can do that for cpu_relax only. ${INSTEAD}`;
}

export function cannotForget({ name }: ModelThread, { label }: Landmark): string {
  return `${name} cannot forget at "${label}": it has created shared objects, and those are still there.`;
}

export function depends(name: string, before: string | undefined, now: string): string {
  return (
    `${name} announced ${before} after what it had seen, and ${now} another time after the same. It depends on something ` +
    "besides the results of its operations: a forget() that promises too much, or shared state that is read in local code " +
    "(name it with trackCounter)."
  );
}
