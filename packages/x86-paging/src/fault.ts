/**
 * Page-fault error codes, to and from named conditions.
 *
 * Intel SDM volume 3, section 5.7 and figure 5-12.
 */

/** Bits of the error code pushed with #PF. */
export const FAULT_BIT: Readonly<Record<FaultCondition, number>> = {
  /** The translation was present; clear means that some entry was not. */
  present: 1 << 0,
  /** The access was a write. */
  write: 1 << 1,
  /** The access was made in user mode. */
  user: 1 << 2,
  /** A present entry had a reserved bit set. */
  reserved: 1 << 3,
  /** The access was an instruction fetch (only told when NX or SMEP is on). */
  fetch: 1 << 4,
  /** A protection key forbade the access. */
  protectionKey: 1 << 5,
  /** The access was to a shadow stack. */
  shadowStack: 1 << 6,
};

/** Names of the conditions an error code can carry. */
export type FaultCondition =
  | "present"
  | "write"
  | "user"
  | "reserved"
  | "fetch"
  | "protectionKey"
  | "shadowStack";

/** The error code of a set of conditions. */
export function encodeFault(conditions: readonly FaultCondition[]): number {
  return conditions.reduce((code, condition) => code | FAULT_BIT[condition], 0);
}

/** The conditions in an error code, lowest bit first. Bits without a name here (15: SGX) are left out. */
export function decodeFault(code: number): readonly FaultCondition[] {
  return (Object.keys(FAULT_BIT) as FaultCondition[]).filter((name) => (code & FAULT_BIT[name]) !== 0);
}

/** An error code in the words kernel logs use, for example `supervisor write, protection violation`. */
export function describeFault(code: number): string {
  const who = (code & FAULT_BIT.user) !== 0 ? "user" : "supervisor";
  const isFetch = (code & FAULT_BIT.fetch) !== 0;
  const what = isFetch ? "instruction fetch" : (code & FAULT_BIT.write) !== 0 ? "write" : "read";
  return `${who} ${what}, ${faultCause(code)}`;
}

function faultCause(code: number): string {
  if ((code & FAULT_BIT.present) === 0) return "not-present page";
  if ((code & FAULT_BIT.reserved) !== 0) return "reserved bit violation";
  if ((code & FAULT_BIT.protectionKey) !== 0) return "protection keys violation";
  if ((code & FAULT_BIT.shadowStack) !== 0) return "shadow stack violation";
  return "protection violation";
}
