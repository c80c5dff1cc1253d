/** The calls that programs are made of, by name. */

import type { CallSpec } from "./call-spec.ts";
import { setupSpecs, type SetupCallName } from "./setup-specs.ts";
import { threadSpecs, type ThreadCallName } from "./thread-specs.ts";

/** The name of a call. */
export type CallName = SetupCallName | ThreadCallName;

/** What is known of each. */
export const callSpecs: Readonly<Record<CallName, CallSpec>> = { ...setupSpecs, ...threadSpecs };

/** The names of all calls. */
export const callNames: readonly CallName[] = Object.keys(callSpecs) as CallName[];

/** What is known of a call. */
export function specOf(name: CallName): CallSpec {
  return callSpecs[name];
}

/** The name that a text means, if it is one. */
export function callNamed(text: string): CallName | undefined {
  return Object.hasOwn(callSpecs, text) ? (text as CallName) : undefined;
}
