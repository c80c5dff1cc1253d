/** Step sequences: the type of model procedures, and the record that names them. */

import { activeEngine } from "./active.ts";
import type { Operation } from "./operation.ts";
import { procedureName, type ProcedureName } from "./site.ts";

/** What a model procedure returns: a sequence of operations that ends with an `R`. Use it with `yield*`. */
export type Steps<R> = Generator<Operation<unknown>, R, void>;

/** Any procedure of a record. */
type Procedure = (...args: never[]) => Steps<unknown>;

/** `retractPageTables` becomes `retract_page_tables`: the kernel's spelling, by rule. */
export function kernelSpelling(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Gives each procedure of a record its name, so that traces have a call stack and sites have an address.
 * Procedures should call each other through the record (`w.kernel.x(w)`): then a release that replaces one function
 * reaches the calls made by the others.
 *
 * @param procedures the functions of one release; the keys are the kernel's names in camelCase.
 */
export function defineProcedures<T extends { readonly [K in keyof T]: Procedure }>(procedures: T): T {
  const named: Record<string, Procedure> = {};
  for (const [key, procedure] of Object.entries<Procedure>(procedures)) {
    named[key] = inFrame(procedureName(kernelSpelling(key)), procedure);
  }
  return named as unknown as T;
}

function inFrame(name: ProcedureName, procedure: Procedure): Procedure {
  return function* (...args: never[]): Steps<unknown> {
    const frames = activeEngine().currentThread.frames;
    frames.push({ procedure: name, counts: undefined });
    const result = yield* procedure(...args);
    frames.pop();
    return result;
  };
}
