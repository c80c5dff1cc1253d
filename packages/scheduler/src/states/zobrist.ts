/**
 * Hashes of states, in two halves of 32 bits. The hash of a state is the sum of the hashes of its words, so a step changes it
 * by the words that it writes; what does not exist yet counts as nothing (after Zobrist, "A New Hashing Method with
 * Application for Game Playing", 1970, with sums in the place of exclusive or).
 */

/** One half of the hash of a word. Value 0 has hash 0. */
export function lowOf(slot: number, value: number): number {
  if (value === 0) return 0;
  let mixed = Math.imul(value, 0x9e3779b1) ^ Math.imul(slot + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}

/** The other half. */
export function highOf(slot: number, value: number): number {
  if (value === 0) return 0;
  let mixed = (Math.imul(value, 0x27d4eb2f) + Math.imul(slot + 1, 0x165667b1)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return mixed ^ (mixed >>> 15);
}
