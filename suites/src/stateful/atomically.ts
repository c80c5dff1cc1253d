/** Steps as specifications have them: whole actions on several objects, one of those that can be taken. */

import { activeEngine, Operation, type OperationKind, SharedObject, type Touch } from "@mmrace/scheduler";

interface Choice<R> {
  readonly touched: readonly Touch[];
  readonly actions: () => readonly (() => R)[];
}

const oneOfKind: OperationKind<SharedObject, Choice<unknown>, unknown> = {
  name: "one_of",
  access: "write",
  touches: (_object, { touched }) => touched,
  isEnabled: (_object, { actions }) => actions().length > 0,
  perform: (_object, { actions }) => {
    const possible = actions();
    return possible[possible.length === 1 ? 0 : activeEngine().chooseValue(possible.length)]!();
  },
};

/**
 * Takes one of the actions that are possible in the present state, all of it in one step; waits while there is none. The
 * strategy says which.
 *
 * @param objects all that the actions look at or change.
 */
export function oneOf<R>(
  objects: readonly [SharedObject, ...SharedObject[]],
  actions: () => readonly (() => R)[],
): Operation<R> {
  const [first, ...others] = objects;
  const touched = others.map((object) => ({ access: "write", object }) as const);
  const choice: Choice<R> = { touched, actions };
  return Operation.of(oneOfKind, first, choice) as Operation<R>;
}

/** Does something in one step, and waits before until it is possible. */
export function atomically<R>(
  objects: readonly [SharedObject, ...SharedObject[]],
  action: () => R,
  isPossible: () => boolean = () => true,
): Operation<R> {
  return oneOf(objects, () => (isPossible() ? [action] : []));
}

/** The object of steps that touch nothing. */
class Nothing extends SharedObject {
  override stateValue(): undefined {
    return undefined;
  }
}

const passKind: OperationKind<Nothing, void, void> = { name: "pass", access: "none", perform: () => {} };

/** A step that touches nothing, where a specification has one: a call, a return, a condition that never holds. */
export function pass(label: string): Operation<void> {
  return Operation.of(passKind, new Nothing("label", label), undefined);
}
