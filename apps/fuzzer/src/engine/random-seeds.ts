/** Random seeds that are made from the campaign's: different ones for all who draw. */

/** Keeps the random seeds of those who draw beside each other apart; any large odd number does. */
const PART_STRIDE = 7_368_787;
/** Keeps apart what is drawn before and after an interruption. */
const RESUMED_STRIDE = 1_000_003;

/** Of one part among many, by its number. */
export function seedOfPart(randomSeed: number, part: number): number {
  return (randomSeed + Math.imul(part, PART_STRIDE)) | 0;
}

/** Of what goes on after so many executions: it must not draw the numbers again that were used up. */
export function seedAfter(randomSeed: number, executions: number): number {
  return randomSeed + RESUMED_STRIDE * executions;
}
