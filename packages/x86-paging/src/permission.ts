/**
 * May this access go through this translation? Rights of all levels combined, then the rules one by one.
 *
 * Intel SDM volume 3, section 5.6: access rights and protection keys. Shadow-stack accesses are not modelled.
 */

import type { Access, PagingControls } from "./control.ts";
import { entry, type Entry } from "./entry.ts";
import { FAULT_BIT } from "./fault.ts";
import { NX_HI, RW, USER } from "./flags.ts";

/** Rights of a translation: what every entry on the way agrees to. */
export interface Rights {
  /** US in every entry: a user-mode address. */
  readonly user: boolean;
  /** RW in every entry. */
  readonly write: boolean;
  /** NX in no entry. Always true while EFER.NXE is clear. */
  readonly execute: boolean;
}

/** The rights before any entry has had its say. */
export const ALL_RIGHTS: Rights = { user: true, write: true, execute: true };

/** The rights after one more entry. */
export function narrowRights(rights: Rights, word: Entry): Rights {
  const user = rights.user && (word.lo & USER) !== 0;
  const write = rights.write && (word.lo & RW) !== 0;
  const execute = rights.execute && (word.hi & NX_HI) === 0;
  if (user === rights.user && write === rights.write && execute === rights.execute) return rights;
  return { user, write, execute };
}

/** True for the accesses that count as user-mode: CPL 3, and not made by the processor on its own behalf. */
export function isUserAccess(access: Access): boolean {
  return access.user && access.implicit !== true;
}

/**
 * Checks an access against a present translation.
 *
 * @param protectionKey bits 62..59 of the leaf.
 * @returns 0 when the access is allowed, else the error code of the fault, {@link FAULT_BIT} bits.
 */
export function checkAccess(
  rights: Rights,
  protectionKey: number,
  access: Access,
  controls: PagingControls,
): number {
  const byKey = deniedByKey(rights, protectionKey, access, controls);
  if (!byKey && allowedByRights(rights, access, controls)) return 0;
  return accessCode(access, controls) | FAULT_BIT.present | (byKey ? FAULT_BIT.protectionKey : 0);
}

/** The part of an error code that describes the access, whatever went wrong. */
export function accessCode(access: Access, controls: PagingControls): number {
  let code = isUserAccess(access) ? FAULT_BIT.user : 0;
  if (access.kind === "write") code |= FAULT_BIT.write;
  // Processors without a way to forbid fetches do not tell them from reads.
  if (access.kind === "fetch" && (controls.noExecute || controls.smep)) code |= FAULT_BIT.fetch;
  return code;
}

function allowedByRights(rights: Rights, access: Access, controls: PagingControls): boolean {
  const byUser = isUserAccess(access);
  if (byUser && !rights.user) return false;
  if (access.kind === "fetch") {
    if (!byUser && rights.user && controls.smep) return false;
    return rights.execute || !controls.noExecute;
  }
  if (!byUser && rights.user && controls.smap) {
    if (access.implicit === true || !controls.alignmentCheck) return false;
  }
  if (access.kind === "read" || rights.write) return true;
  return !byUser && !controls.writeProtect;
}

function deniedByKey(rights: Rights, key: number, access: Access, controls: PagingControls): boolean {
  const register = rights.user ? controls.pkru : controls.pkrs;
  if (register === undefined || access.kind === "fetch") return false;
  const accessDisabled = ((register >>> (2 * key)) & 1) !== 0;
  const writeDisabled = ((register >>> (2 * key + 1)) & 1) !== 0;
  if (accessDisabled) return true;
  return writeDisabled && access.kind === "write" && (isUserAccess(access) || controls.writeProtect);
}

/** The protection key of a leaf, 0..15. */
export function protectionKeyOf(leaf: Entry): number {
  return (leaf.hi >>> 27) & 15;
}

/** A word holding only a protection key, to be added to a leaf's other bits. */
export function protectionKeyWord(key: number): Entry {
  return entry(0, (key & 15) << 27);
}
