/** Small stable hashes (FNV-1a, 32 bit): equal on every machine, so they may stand in tokens and corpus files. */

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** The hash of nothing, where a running hash starts. */
export const HASH_START: number = FNV_OFFSET;

/** Mixes one 32-bit word into a running hash. */
export function hashWord(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ (word & 0xffff), FNV_PRIME);
  mixed = Math.imul(mixed ^ (word >>> 16), FNV_PRIME);
  return mixed ^ (mixed >>> 15);
}

/** Mixes a text, UTF-16 unit by unit, into a running hash. */
export function hashText(text: string, hash: number = FNV_OFFSET): number {
  let mixed = hash;
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), FNV_PRIME);
  return mixed;
}

/** Mixes bytes into a running hash. */
export function hashBytes(bytes: Uint8Array, hash: number = FNV_OFFSET): number {
  let mixed = hash;
  for (const byte of bytes) mixed = Math.imul(mixed ^ byte, FNV_PRIME);
  return mixed;
}

/** Eight hexadecimal digits of a 32-bit hash. */
export function hashToHex(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, "0");
}
