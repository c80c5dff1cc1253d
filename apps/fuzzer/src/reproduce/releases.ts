/** What calls need of the kernel: the release that first has them. */

import type { Arrangement, UserCall, Userspace } from "@mmrace/mm";

/** One need, in the order of releases. */
export interface CallNeed {
  readonly what: string;
  /** The first release, as its two numbers. */
  readonly since: readonly [number, number];
}

const NEEDS: Readonly<Record<string, CallNeed>> = {
  copy: { what: "UFFDIO_COPY", since: [4, 3] },
  zeropage: { what: "UFFDIO_ZEROPAGE", since: [4, 3] },
  writeprotect: { what: "UFFDIO_WRITEPROTECT", since: [5, 7] },
  continue: { what: "UFFDIO_CONTINUE of shmem", since: [5, 14] },
  poison: { what: "UFFDIO_POISON", since: [6, 6] },
  move: { what: "UFFDIO_MOVE", since: [6, 8] },
  MADV_PAGEOUT: { what: "MADV_PAGEOUT", since: [5, 4] },
  MADV_GUARD_INSTALL: { what: "MADV_GUARD_INSTALL in files", since: [6, 15] },
  "large-folio": { what: "anonymous folios of 16 KiB", since: [6, 8] },
};

/** All calls of a program: of threads and of set-ups. */
export function callsOf({
  setup = [],
  processes = {},
  threads,
}: Userspace): readonly (UserCall | Arrangement)[] {
  return [
    ...setup,
    ...Object.values(processes).flatMap((process) => process.setup ?? []),
    ...Object.values(threads).flatMap(({ does }) => does),
  ];
}

/** What the calls of a program need. */
export function needsOf(userspace: Userspace): readonly CallNeed[] {
  const keys = callsOf(userspace).map((step) =>
    "arrange" in step ? step.arrange : step.call === "madvise" ? step.advice : step.call,
  );
  return [...new Set(keys)].flatMap((key) => NEEDS[key] ?? []);
}

/** What a release does not have of that, in sentences; `release` begins with two numbers, as all names of kernels do. */
export function lacks(userspace: Userspace, release: string): readonly string[] {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  return needsOf(userspace)
    .filter(({ since }) => major < since[0] || (major === since[0] && minor < since[1]))
    .map(({ what, since }) => `${what} needs Linux ${since.join(".")}, and ${release} does not have it`);
}
