/** Landmarks: where a thread says that its past no longer matters, so that searches over states see loops as loops. */

import { Operation, type AnyKind, type OperationKind } from "./operation.ts";
import { SharedObject } from "./shared-object.ts";

/** What a thread says about its own future; see `forget`. */
export interface Landmark {
  readonly label: string;
  readonly values: readonly unknown[];
}

/** The object of landmarks, of which they touch nothing. */
class Place extends SharedObject {
  override stateValue(): undefined {
    return undefined;
  }
}

const forgetKind: OperationKind<Place, Landmark, void> = {
  name: "forget",
  access: "none",
  isSchedulingPoint: false,
  perform: () => {},
  describe: (_place, { label }) => `-- ${label} --`,
};

/** The landmark that an operation is; `undefined` for all others. */
export function landmarkOf({ kind, argument }: Operation<unknown>): Landmark | undefined {
  return kind === (forgetKind as unknown as AnyKind) ? (argument as Landmark) : undefined;
}

/**
 * A claim for searches over states: from here on, what this thread does depends on the label, on these values, and on what
 * its operations return from now on; on nothing that it has seen before. Without it, threads that have seen different
 * things are in different states for ever, so a loop without end has no end of states. It is no step and does nothing.
 *
 * A search notices a false claim when the thread announces different operations after equal landmarks; it throws a
 * `UsageError` then. It cannot notice ghost state that depends on what was forgotten: name that with `trackGhosts`.
 */
export function forget(label: string, ...values: readonly unknown[]): Operation<void> {
  return Operation.of(forgetKind, new Place("landmark", label), { label, values });
}
