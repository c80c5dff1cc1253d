/** Names that somebody may have meant. */

/** How many letters must be put in, left out or exchanged to make one name of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const exchanged = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, exchanged));
    }
    row = next;
  }
  return row[b.length]!;
}

/** `Did you mean retractPageTables?`, or the names that are nearest all the same. */
export function nearest(name: string, known: readonly string[]): string {
  const sorted = known
    .map((other) => ({ other, far: distance(name.toLowerCase(), other.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far);
  const close = sorted.filter(({ far }) => far <= Math.max(2, name.length / 3)).slice(0, 3);
  if (close.length > 0) return `Did you mean ${close.map(({ other }) => other).join(" or ")}?`;
  const nearestOnes = sorted.slice(0, 3).map(({ other }) => other);
  return `The nearest names are ${nearestOnes.join(", ")}.`;
}
