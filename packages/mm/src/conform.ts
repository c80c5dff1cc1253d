/** Comparing the model with lock traces of real kernels. Entry point `@mmrace/mm/conform`. */

export { compareTraces } from "./traces/compare.ts";
export type { TraceVerdict } from "./traces/compare.ts";
export { parseTraces } from "./traces/format.ts";
export type { KernelEvent, TracedOperation } from "./traces/format.ts";
export { EVENTS_COMPARED, EVENTS_LEFT_OUT, LOCK_CLASSES, LOCKS_LEFT_OUT } from "./traces/mapping.ts";
