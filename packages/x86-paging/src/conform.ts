/** Second entry point of @mmrace/x86-paging: comparing it with what real kernels and QEMU say. */

export { compareWithPagemap, compareWithTlb, sameMemoryRanges } from "./conform/dumps.ts";
export type { PagemapTally, TlbTally } from "./conform/dumps.ts";
export { answer, compareVectors, machineOf, parseVectors } from "./conform/vectors.ts";
export type { HelperTally, VectorRow } from "./conform/vectors.ts";
