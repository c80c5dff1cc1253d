/** Steps as specifications have them: whole actions on several objects, one of those that can be taken. */

import {
  activeEngine,
  forget,
  Operation,
  type OperationKind,
  SharedObject,
  type Steps,
  type Touch,
} from "@mmrace/scheduler";

/** All that actions look at or change. A function names what follows from the present state of the first object. */
export type Objects = readonly [SharedObject, ...(SharedObject | (() => SharedObject | undefined))[]];

interface Choice<R> {
  readonly touched: readonly Touch[];
  readonly following: readonly (() => SharedObject | undefined)[];
  readonly actions: () => readonly (() => R)[];
}

const write = (object: SharedObject): Touch => ({ access: "write", object });

const oneOfKind: OperationKind<SharedObject, Choice<unknown>, unknown> = {
  name: "one_of",
  access: "write",
  touches: (_object, { touched, following }) => {
    if (following.length === 0) return touched;
    return [
      ...touched,
      ...following
        .map((find) => find())
        .filter((found) => found !== undefined)
        .map(write),
    ];
  },
  isEnabled: (_object, { actions }) => actions().length > 0,
  perform: (_object, { actions }) => {
    const possible = actions();
    return possible[possible.length === 1 ? 0 : activeEngine().chooseValue(possible.length)]!();
  },
};

/**
 * Takes one of the actions that are possible in the present state, all of it in one step; waits while there is none. The
 * strategy says which.
 */
export function oneOf<R>([first, ...others]: Objects, actions: () => readonly (() => R)[]): Operation<R> {
  const choice: Choice<R> = {
    touched: others.filter((other) => typeof other !== "function").map(write),
    following: others.filter((other) => typeof other === "function"),
    actions,
  };
  return Operation.of(oneOfKind, first, choice) as Operation<R>;
}

/** Does something in one step, and waits before until it is possible. */
export function atomically<R>(
  objects: Objects,
  action: () => R,
  isPossible: () => boolean = () => true,
): Operation<R> {
  return oneOf(objects, () => (isPossible() ? [action] : []));
}

/** A step at a label: a thread knows its variables there, and not how it came by them. */
export function* at<R>(
  label: string,
  variables: readonly unknown[],
  objects: Objects,
  action: () => R,
  isPossible?: () => boolean,
): Steps<R> {
  yield* forget(label, ...variables);
  return yield* atomically(objects, action, isPossible);
}

/** A step at a label that touches nothing. */
export function* passAt(label: string, variables: readonly unknown[]): Steps<void> {
  yield* forget(label, ...variables);
  yield* pass(label);
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
