/** Exit codes. Part of the contract: scripts rely on them. */

/** What a run of the command line ends with. */
export const EXIT = {
  clean: 0,
  ourBug: 1,
  usage: 2,
  violation: 3,
  diverged: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
