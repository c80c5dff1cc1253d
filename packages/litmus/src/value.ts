/** Values of registers and memory: integers, or addresses of locations. */

/** An integer, or the name of the location that it is the address of. */
export type Value = bigint | string;

/** Bits of an access. */
export type Width = 32 | 64;

/** A value as an access of that width leaves it: signed, as herd prints it. Addresses stay whole. */
export function fit(value: Value, width: Width): Value {
  return typeof value === "bigint" ? BigInt.asIntN(width, value) : value;
}

/** Reads `5`, `-1`, `0x10`. */
export function parseNumber(text: string): bigint {
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

const LEGACY = ["ax", "bx", "cx", "dx", "si", "di", "sp", "bp"];

/**
 * The one name of a register and the bits that its spelling means: `EAX`, `%rax` and `eax` are all `rax`.
 *
 * @returns `undefined` when there is no such register, or when it is one of 8 or 16 bits.
 */
export function registerOf(text: string): { readonly name: string; readonly width: Width } | undefined {
  const name = text.replace(/^%/, "").toLowerCase();
  if (/^r(8|9|1[0-5])$/.test(name)) return { name, width: 64 };
  if (/^r(8|9|1[0-5])d$/.test(name)) return { name: name.slice(0, -1), width: 32 };
  if (!LEGACY.includes(name.slice(1))) return undefined;
  if (name.startsWith("r")) return { name, width: 64 };
  return name.startsWith("e") ? { name: `r${name.slice(1)}`, width: 32 } : undefined;
}
