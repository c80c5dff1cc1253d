/** What programs may use of the fuzzer without its command line: the loop, and the coverage that guides it. */

export { fuzzStrategies } from "./arms/arms.ts";
export type { FuzzStrategy } from "./arms/arms.ts";
export { InterleavingObserver } from "./coverage/interleaving.ts";
export { MAP_NAMES } from "./coverage/maps.ts";
export type { MapName } from "./coverage/maps.ts";
export { Novelty } from "./coverage/novelty.ts";
export { Fuzzer } from "./engine/fuzzer.ts";
export type { FuzzerOptions } from "./engine/fuzzer.ts";
