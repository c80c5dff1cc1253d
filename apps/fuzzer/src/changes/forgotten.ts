/**
 * Finds a forgotten `yield*` in procedures of a user. An operation without it is made and never performed, and nothing else
 * tells: the types are right, and its result is an object, which is true.
 *
 * Every call in the user's files that is not the operand of a `yield*` is passed through `made` (see instrument.ts). Where its
 * result is looked at there and then, an operation is wrong; where it is kept, it must be performed before the procedure
 * ends.
 */

import { activeEngine, Operation, UsageError, type ModelThread, type Steps } from "@mmrace/scheduler";

/** An operation, or the steps of a procedure, was made and not performed. */
export class ForgottenYield extends UsageError {}

/** A procedure of a user threw something. */
export class ChangeFailed extends Error {
  override readonly name = "ChangeFailed";
}

type Procedure = (...args: never[]) => Steps<unknown>;

/** Something that was made in a user's file, to be performed with `yield*`. */
interface Made {
  readonly where: string;
  readonly text: string;
  hasBegun: boolean;
}

/** What the running procedures of a thread have made, the innermost last. */
const running = new WeakMap<ModelThread, Made[][]>();
/** How often something made at a place has begun, over all executions; zero: never. */
const begunAt = new Map<string, { readonly text: string; count: number }>();

/**
 * Called with the result of a call.
 *
 * @param where file, line and column.
 * @param text the call as it is written.
 * @param isUsed whether the result is looked at or dropped where it stands, rather than kept.
 * @throws {ForgottenYield} when it is an operation that is used as a value.
 */
export function made(result: unknown, where: string, text: string, isUsed: boolean): unknown {
  if (!isToBePerformed(result)) return result;
  if (isUsed) throw forgotten(where, text);
  const calls = running.get(activeEngine().currentThread);
  if (calls === undefined) return result;
  const one: Made = { where, text, hasBegun: false };
  calls.at(-1)?.push(one);
  const place = begunAt.get(where) ?? { text, count: 0 };
  begunAt.set(where, place);
  whenBegun(result, () => {
    one.hasBegun = true;
    place.count++;
  });
  return result;
}

/** The procedure, watched: what it makes must have begun when it ends, and what it throws says whose fault it is. */
export function watched(procedure: Procedure, name: string, file: string): Procedure {
  return function* (...args: never[]): Steps<unknown> {
    const { currentThread } = activeEngine();
    const calls = running.get(currentThread) ?? [];
    running.set(currentThread, calls);
    const own: Made[] = [];
    calls.push(own);
    let result: unknown;
    try {
      result = yield* procedure(...args);
    } catch (error) {
      throw failureOf(error, name, file);
    }
    calls.pop();
    const left = own.find(({ hasBegun }) => !hasBegun);
    if (left !== undefined) throw forgotten(left.where, left.text);
    if (isToBePerformed(result)) throw returned(name, file);
    return result;
  };
}

/** Forgets what was made so far. */
export function forgetMade(): void {
  begunAt.clear();
}

/**
 * Looks for places whose operations never began, in all executions since the last time: an execution that ends with a
 * violation ends before its procedures do.
 *
 * @throws {ForgottenYield} when there is one.
 */
export function refuseForgotten(): void {
  const left = [...begunAt].find(([, { count }]) => count === 0);
  forgetMade();
  if (left !== undefined) throw forgotten(left[0], left[1].text);
}

function isToBePerformed(result: unknown): result is Iterator<unknown> {
  if (typeof result !== "object" || result === null) return false;
  return result instanceof Operation || Object.prototype.toString.call(result) === "[object Generator]";
}

/** `yield*` asks an iterator for its `next` once, and calls that. */
function whenBegun(steps: Iterator<unknown>, then: () => void): void {
  const { next } = steps;
  Object.defineProperty(steps, "next", {
    configurable: true,
    value: (...values: [] | [undefined]) => {
      then();
      return next.apply(steps, values);
    },
  });
}

function forgotten(where: string, text: string): ForgottenYield {
  return new ForgottenYield(
    `${where}: ${text} is made here and never performed: a yield* is missing. Write: yield* ${text}`,
  );
}

function returned(name: string, file: string): ForgottenYield {
  return new ForgottenYield(
    `${file}: ${name} returns steps that nobody performs: a yield* is missing. Write: return yield* ...`,
  );
}

/** Our own messages stay what they are. */
function failureOf(error: unknown, name: string, file: string): unknown {
  if (error instanceof UsageError || error instanceof ChangeFailed) return error;
  const { stack = "", message = String(error) } = error instanceof Error ? error : {};
  const line = stack
    .split("\n")
    .find((frame) => frame.includes(file))
    ?.split(file)[1];
  const at = /^:\d+/.exec(line ?? "")?.[0] ?? "";
  return new ChangeFailed(`${file}${at}: ${name} threw: ${message}`, { cause: error });
}
