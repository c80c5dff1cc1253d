/** Finds a race of the kernel's history, replays it, explains it; and shows that no schedule has it on the fixed release. */

import { bugById } from "@mmrace/mm";
import {
  columnsText,
  decodeToken,
  exhaustive,
  explore,
  iterativeBound,
  recordTrace,
  replay,
} from "@mmrace/scheduler";
import { expectNoViolation, expectViolation } from "@mmrace/scheduler/testing";

// CVE-2024-50066: mremap moves a page table that the collapse of the file takes away at the same time.
const { family, oracle } = bugById("mremap-vs-retract");
const buggy = family.on("6.11");

// Find it, with the fewest preemptions possible: first all schedules without one, then all with one, and so on.
const found = expectViolation(explore(buggy, iterativeBound({ preemptionsMax: 2 })), oracle);
console.log(`${found.oracle}: ${found.message}, with ${found.preemptions} preemption`);

// Replay it: the token stands for the whole execution.
const again = expectViolation(explore(buggy, replay(found.token)), oracle);
console.log(again.signature === found.signature ? "the token shows it again" : "it does not replay");

// Explain it: CPU0 | CPU1, time downwards.
console.log(columnsText(recordTrace(buggy, decodeToken(found.token).schedule)));

// Linux 6.12 looks at the slot again under its lock. Search every schedule there, one of each equivalence class.
const search = explore(family.on("6.12"), exhaustive({ reduction: "sleep-sets" }));
expectNoViolation(search);
console.log(`6.12: ${search.complete ? "complete" : "incomplete"} and clean`);
