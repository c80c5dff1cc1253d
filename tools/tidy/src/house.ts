/** The house as data: who may import whom, how large things may be, where exceptions stand. */

/** Packages, each with those of ours that it may import. Tests, tools and benches may import any that is published. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  "packages/x86-paging": [],
  "packages/scheduler": [],
  "packages/locks": ["@mmrace/scheduler"],
  "packages/litmus": ["@mmrace/scheduler"],
  "packages/vitest": ["@mmrace/scheduler"],
  "packages/mm": ["@mmrace/x86-paging", "@mmrace/locks", "@mmrace/scheduler"],
  "apps/fuzzer": ["@mmrace/mm", "@mmrace/litmus", "@mmrace/locks", "@mmrace/scheduler", "@mmrace/x86-paging"],
  suites: ["@mmrace/litmus", "@mmrace/locks", "@mmrace/scheduler"],
};

/** The only private package that others import: programs shared by tests and benches. */
export const SHARED_PRIVATE: readonly string[] = ["@mmrace/suites"];

/** Folders that belong to the repository; what else lies in the root (campaigns, say) is none of our business. */
export const FOLDERS: readonly string[] = [
  ".changeset",
  ".ci",
  ".github",
  "apps",
  "bench",
  "docs",
  "packages",
  "scripts",
  "suites",
  "tools",
];

/** Lines of a file, and of a function, at most. */
export const FILE_LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 70;

/** Files that may be longer than that, each with its present number of lines, which may only fall. */
export const LONG_FILES: Readonly<Record<string, number>> = {};

/** Library packages with peers that are not ours: they extend another tool, which their users have. */
export const FOREIGN_PEERS: Readonly<Record<string, readonly string[]>> = { "packages/vitest": ["vitest"] };

/** Files that a package runs for its effect; all other files of packages may be left out where nothing uses them. */
export const SIDE_EFFECTS: Readonly<Record<string, readonly string[]>> = {
  "packages/vitest": ["./dist/index.js", "./src/index.ts"],
};

/** The files that may read a clock: one of an application, and one of a package that must end in time. */
export const CLOCK_FILES: readonly string[] = ["apps/fuzzer/src/clock.ts", "packages/vitest/src/clock.ts"];

/** Files with generators that are no model code: they yield plain values. */
export const PLAIN_GENERATORS: readonly string[] = ["packages/scheduler/src/minimize.ts"];
