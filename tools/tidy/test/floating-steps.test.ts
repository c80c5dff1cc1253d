/** A forgotten `yield*` is found wherever it was forgotten, and what is no step is left alone. */

import { expect, test } from "vitest";
import { memoryProgram } from "../src/program.ts";
import { floatingSteps } from "../src/rules/floating-steps.ts";

const ENGINE = `
  export declare class Operation<R> {
    private constructor();
    [Symbol.iterator](): this;
    next(): IteratorResult<Operation<unknown>, R>;
  }
  export type Steps<R> = Generator<Operation<unknown>, R, void>;
  export declare function spinLock(): Operation<void>;
  export declare function trylock(): Operation<boolean>;
  export declare function retract(): Steps<void>;
  export declare const kernel: { readonly zap?: () => Steps<void>; readonly last: Operation<void> | undefined };
  export declare const isOn: boolean;
  export declare const list: Operation<void>[];
  export declare const locks: readonly number[];
  export declare function log(): void;
  export declare function* numbers(): Generator<number>;
`;

/** Statement, and the part of it that floats. */
const FLOATING: readonly (readonly [statement: string, floats: string])[] = [
  ["spinLock();", "spinLock() does nothing"],
  ["retract();", "retract() does nothing"],
  ["(retract() as Steps<void>)!;", "retract() does nothing"],
  ["void retract();", "retract() does nothing"],
  ["isOn && spinLock();", "spinLock() does nothing"],
  ["isOn || (log(), spinLock());", "spinLock() does nothing"],
  ["isOn ? log() : retract();", "retract() does nothing"],
  ["spinLock(), log();", "spinLock() does nothing"],
  ["kernel.zap?.();", "kernel.zap?.() does nothing"],
  ["kernel.last;", "kernel.last does nothing"],
  ["retract()[Symbol.iterator]();", "retract()[Symbol.iterator]() does nothing"],
  ["for (let i = 0; i < 2; spinLock()) i++;", "spinLock() does nothing"],
  ["locks.forEach(() => spinLock());", "spinLock() does nothing"],
  ["const f: () => void = () => retract(); f();", "retract() does nothing"],
  ["if (trylock()) log();", "trylock() is always true"],
  ["while (!trylock()) log();", "trylock() is always true"],
  ["if (isOn && trylock()) log();", "trylock() is always true"],
  ["const x = trylock() ? 1 : 2; log.call(x);", "trylock() is always true"],
];

const FINE: readonly string[] = [
  "yield* spinLock();",
  "yield* retract();",
  "if (isOn) yield* retract();",
  "if (yield* trylock()) log();",
  "const taken = yield* trylock(); if (taken) log();",
  "log();",
  "let held = spinLock(); held = spinLock(); yield* held;",
  "list.push(spinLock());",
  "list.sort();",
  "if (kernel.last) log();",
  "numbers();",
  "locks.map(() => spinLock());",
];

const model = (statement: string): string => `
  import { spinLock, trylock, retract, kernel, isOn, list, locks, log, numbers, type Steps } from "./engine.ts";
  export function* model(): Steps<void> {
    ${statement}
  }`;

const modelFiles = [...FLOATING.map(([statement]) => statement), ...FINE].map((statement, index) => [
  `/memory/${index}.ts`,
  model(statement),
]);
const program = memoryProgram({
  "/memory/engine.ts": ENGINE,
  ...(Object.fromEntries(modelFiles) as Record<string, string>),
});
const problems = floatingSteps(program, (path) => path.startsWith("/memory/"));

function problemsOf(index: number): readonly string[] {
  return problems
    .filter(({ path }) => path === `/memory/${index}.ts`)
    .map(({ line, message }) => `${line}: ${message}`);
}

test.each(FLOATING.map(([statement, floats], index) => [statement, floats, index] as const))(
  "%s",
  (_statement, floats, index) => {
    expect(problemsOf(index)).toEqual([`4: floating step: ${floats} without yield*`]);
  },
);

test.each(FINE.map((statement, index) => [statement, FLOATING.length + index] as const))(
  "fine: %s",
  (_statement, index) => {
    expect(problemsOf(index)).toEqual([]);
  },
);
