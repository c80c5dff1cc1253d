/**
 * Ghost state that changes in a step: what properties look at, and no thread ever does. It is named in the footprint of
 * the step like everything else, since what comes out may depend on the order of two such changes, or of one of them and a
 * load.
 */

import { Operation, SharedObject, type OperationKind, type Touch } from "@mmrace/scheduler";

/** A change of ghost state, and what of the world it touches. */
export interface GhostChange<out R = void> {
  /** What it looks at and changes; may depend on the state of what it touches. */
  readonly touches: () => readonly Touch[];
  readonly apply: () => R;
}

/** One piece of ghost state: a location of its own. */
export abstract class Ghost extends SharedObject {
  /**
   * A change of it, for `along` and `ghostStep`.
   *
   * @param reads what else the change looks at; may depend on the state of what comes before in the list.
   * @param access `add` for changes that commute with each other.
   */
  changed<R>(
    apply: () => R,
    reads: () => readonly SharedObject[] = () => [],
    access: "write" | "add" = "write",
  ): GhostChange<R> {
    return {
      touches: () => [
        { access, object: this },
        ...reads().map((object): Touch => ({ access: "read", object })),
      ],
      apply,
    };
  }
}

/** The kind of a step in which nothing but ghost state changes. */
function ghostKind<R>(
  name: string,
  { touches, apply }: GhostChange<R>,
): OperationKind<SharedObject, unknown, R> {
  return {
    name,
    access: "none",
    order: "none",
    isIndispensable: true,
    touches,
    perform: apply,
    describe: () => name,
  };
}

/**
 * The same operation, in whose step ghost state changes as well, after its effect. An ablation removes the effect alone: what
 * was promised stays promised.
 */
export function along<R>(operation: Operation<R>, change: GhostChange | undefined): Operation<R> {
  if (change === undefined) return operation;
  const { kind, object, argument } = operation;
  const both: OperationKind<SharedObject, unknown, R> = {
    ...(kind as OperationKind<SharedObject, unknown, R>),
    touches: (on, given, thread) => [...(kind.touches?.(on, given, thread) ?? []), ...change.touches()],
    perform: (on, given, thread) => {
      const result = kind.perform(on, given, thread) as R;
      change.apply();
      return result;
    },
    remainder: ghostKind(`what is promised by ${kind.name}`, change),
  };
  return Operation.of(both, object, argument);
}

/**
 * A step of its own, in which nothing but ghost state changes: a call begins or returns. No ablation removes it.
 *
 * @param name how a trace shows it.
 * @param object gives the step its site; it touches what the change says.
 */
export function ghostStep<R>(name: string, object: SharedObject, change: GhostChange<R>): Operation<R> {
  return Operation.of(ghostKind(name, change), object, undefined);
}

/** Several changes in one step. */
export function together(...changes: readonly GhostChange[]): GhostChange {
  return {
    touches: () => changes.flatMap(({ touches }) => touches()),
    apply: () => {
      for (const { apply } of changes) apply();
    },
  };
}
