/** Small programs as inputs. Entry point `@mmrace/mm/programs`. First reading: program, text, parse, scenario. */

export type { ArgKind, CallPlace, CallSpec } from "./call-spec.ts";
export { callNames, callSpecs } from "./call-specs.ts";
export type { CallName } from "./call-specs.ts";
export { checkProgram } from "./check.ts";
export { generateProgram } from "./generate.ts";
export type { GenerateOptions } from "./generate.ts";
export { importSyz } from "./import-syz.ts";
export type { Imported, ImportOptions } from "./import-syz.ts";
export { minimizeProgram } from "./minimize-program.ts";
export { mutateProgram, spliceProgram } from "./mutate.ts";
export { packProgram, unpackProgram } from "./pack.ts";
export { parseProgram } from "./parse.ts";
export { ProgramError } from "./program-error.ts";
export type { TextPlace } from "./program-error.ts";
export { programName } from "./program.ts";
export type { Call, Program, ProgramProcess, ProgramThread } from "./program.ts";
export { isProgramName, programOf, programScenario } from "./scenario.ts";
export { programText } from "./text.ts";
