/** The house as data: who may import whom, how large things may be, where exceptions stand. */

/** Folders of packages, each with the packages of ours that it may import. Tests and benches may import any. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  "packages/x86-paging": [],
  "packages/scheduler": [],
  "packages/locks": ["@mmrace/scheduler"],
  "packages/mm": ["@mmrace/x86-paging", "@mmrace/locks", "@mmrace/scheduler"],
  "apps/fuzzer": ["@mmrace/mm", "@mmrace/locks", "@mmrace/scheduler", "@mmrace/x86-paging"],
  bench: ["@mmrace/mm", "@mmrace/locks", "@mmrace/scheduler", "@mmrace/x86-paging"],
  "tools/tidy": [],
  "tools/pack-check": [],
};

/** Lines of a file, and of a function, at most. */
export const FILE_LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 70;

/** The one file of an application that may read a clock. */
export const CLOCK_FILES: readonly string[] = ["apps/fuzzer/src/clock.ts"];
