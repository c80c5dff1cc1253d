/** What programs may use of the fuzzer without its command line: the loop, and the coverage that guides it. */

export { InterleavingObserver, MAP_NAMES } from "./coverage/interleaving.ts";
export { Novelty } from "./coverage/novelty.ts";
export { Fuzzer } from "./engine/fuzzer.ts";
export type { FuzzerOptions, FuzzStrategy } from "./engine/fuzzer.ts";
