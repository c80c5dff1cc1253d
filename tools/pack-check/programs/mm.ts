/** A user of @mmrace/mm: a race of the kernel's history is found on a release that had it, and gone on its fix. */

import { bugById } from "@mmrace/mm";
import { exhaustive, explore } from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";

const { family, buggy, fixed, oracle } = bugById("T1-01");
const search = (kernel: string) => explore(family.on(kernel), exhaustive({ reduction: "sleep-sets" }));

expectViolation(search(buggy), oracle);
expectNoViolation(search(fixed));
