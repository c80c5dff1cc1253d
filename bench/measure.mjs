// Measuring side by side: all cases take turns in every round, so that a machine that changes speed hurts all alike.
// Times are processor time of this process; the report gives medians over rounds, and ratios made within rounds.

/** Nanoseconds of processor time since `start`, which `process.cpuUsage()` gave. */
function elapsedNs(start) {
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

export function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/**
 * @param cases name -> function that runs a batch and returns how many units it did
 * @returns name -> nanoseconds per unit, one figure per round
 */
export function measure(cases, { rounds, warmUps }) {
  for (let i = 0; i < warmUps; i++) for (const run of Object.values(cases)) run();
  const figures = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(cases)) {
      const start = process.cpuUsage();
      const units = run();
      figures[name].push(elapsedNs(start) / units);
    }
  }
  return figures;
}

/** Median over rounds of a / b. */
export function ratio(a, b) {
  return median(a.map((figure, round) => figure / b[round]));
}
