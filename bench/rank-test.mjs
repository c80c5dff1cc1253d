// Mann-Whitney's rank test, two-sided, by the normal approximation with a correction for ties.

/** How likely two samples are to differ in rank at least as much as these do if they come from one distribution. */
export function rankTest(a, b) {
  const all = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))];
  all.sort((x, y) => (x.value === y.value ? 0 : x.value - y.value));
  let rankSum = 0;
  let ties = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    while (end < all.length && all[end].value === all[start].value) end++;
    const count = end - start;
    const meanRank = (start + 1 + end) / 2;
    for (let at = start; at < end; at++) if (all[at].isA) rankSum += meanRank;
    ties += count ** 3 - count;
    start = end;
  }
  const [m, n] = [a.length, b.length];
  const total = m + n;
  const u = rankSum - (m * (m + 1)) / 2;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (variance === 0) return 1;
  const z = Math.max(Math.abs(u - (m * n) / 2) - 0.5, 0) / Math.sqrt(variance);
  return 2 * (1 - normal(z));
}

/** The standard normal distribution function for z >= 0; Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
function normal(z) {
  const t = 1 / (1 + 0.2316419 * z);
  const factors = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = factors.reduceRight((rest, factor) => t * (factor + rest), 0);
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}
