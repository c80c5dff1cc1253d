/** Public API of @mmrace/litmus. */

export { conditionText, holds, placesOf, placeText } from "./condition.ts";
export type { Condition, Place, Proposition, Quantifier } from "./condition.ts";
export type { Instruction, Mnemonic, Operand, Syntax } from "./instruction.ts";
export { Machine, scenarioOf } from "./machine.ts";
export { parseLitmus } from "./parse.ts";
export type { LitmusTest } from "./parse.ts";
export { litmusText } from "./report.ts";
export { runLitmus } from "./run.ts";
export type { FinalState, LitmusOptions, LitmusResult } from "./run.ts";
export type { Value, Width } from "./value.ts";
