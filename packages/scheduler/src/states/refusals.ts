/** Why a search over states refuses a model, in words: rather than missing states silently. */

import type { Landmark } from "../landmark.ts";
import type { AnyKind, Operation } from "../operation.ts";
import type { ModelThread } from "../thread.ts";

const ALIKE =
  "Name all that is a thread's own in `owns`, give each thread its own objects in the place of lists over all threads, and " +
  "say threads by ModelThread or name, not by number; or leave symmetry out.";
const INSTEAD = "Search by replay: dpor(), exhaustive().";

export const MEMOIZED_VIOLATION: string =
  "A step reported a violation, and does not when the same steps are taken again: it depends on something that the " +
  "state does not hold. Search by replay: dpor(), exhaustive().";

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

const DECLARED = "they are said to be interchangeable, and are not";

/** Two threads that are not alike. @param swapped their names. */
export function notReached(swapped: string, why: string): string {
  return `When ${swapped} are exchanged, ${DECLARED}. ${why} ${ALIKE}`;
}

export function differs(swapped: string, thread: string, how: string): string {
  return `When ${swapped} are exchanged, at a step of ${thread} ${how}: ${DECLARED}. ${ALIKE}`;
}

/** A property that is not symmetric. @param oracles who found something wrong, in a state and in a permutation of it. */
export function judgedOtherwise(oracle: string | undefined, there: string | undefined): string {
  const show = (found: string | undefined): string =>
    found === undefined ? "nothing is wrong" : `"${found}" is broken`;
  return (
    `In a state ${show(oracle)}, and ${show(there)} when interchangeable threads are permuted: a property tells them ` +
    "apart. State it about all of them alike, or leave symmetry out."
  );
}

export function depends(name: string, before: string | undefined, now: string): string {
  return (
    `${name} announced ${before} after what it had seen, and ${now} another time after the same. It depends on something ` +
    "besides the results of its operations: a forget() that promises too much, or shared state that is read in local code " +
    "(name it with trackCounter)."
  );
}
