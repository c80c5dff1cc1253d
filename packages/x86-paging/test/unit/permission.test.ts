/** What the exhaustive access test leaves out: implicit accesses, supervisor keys, and all sixteen keys. */

import { expect, test } from "vitest";
import {
  ALL_RIGHTS,
  checkAccess,
  FAULT_BIT,
  LINUX_CONTROLS,
  protectionKeyOf,
  protectionKeyWord,
  type Access,
} from "../../src/index.ts";

const USER_READ: Access = { kind: "read", user: true };
const READ: Access = { kind: "read", user: false };
const WRITE: Access = { kind: "write", user: false };

test("an implicit access is supervisor's at any CPL, and AC does not lift SMAP for it", () => {
  const implicit: Access = { kind: "read", user: true, implicit: true };
  const lifted = { ...LINUX_CONTROLS, alignmentCheck: true };
  expect(checkAccess(ALL_RIGHTS, 0, READ, lifted)).toBe(0);
  expect(checkAccess(ALL_RIGHTS, 0, implicit, lifted)).toBe(FAULT_BIT.present); // Not FAULT_BIT.user.
  expect(checkAccess({ ...ALL_RIGHTS, user: false }, 0, implicit, lifted)).toBe(0);
});

test("PKRU speaks of user pages, PKRS of supervisor pages", () => {
  const denyKey5 = 0b01 << 10;
  const supervisorPage = { ...ALL_RIGHTS, user: false };
  const byKey = FAULT_BIT.present | FAULT_BIT.protectionKey;
  expect(checkAccess(ALL_RIGHTS, 5, USER_READ, { ...LINUX_CONTROLS, pkru: denyKey5 })).toBe(
    byKey | FAULT_BIT.user,
  );
  expect(checkAccess(ALL_RIGHTS, 5, USER_READ, { ...LINUX_CONTROLS, pkrs: denyKey5 })).toBe(0);
  expect(checkAccess(supervisorPage, 5, READ, { ...LINUX_CONTROLS, pkrs: denyKey5 })).toBe(byKey);
  expect(checkAccess(supervisorPage, 5, READ, { ...LINUX_CONTROLS, pkru: denyKey5 })).toBe(0);
  expect(checkAccess(supervisorPage, 4, READ, { ...LINUX_CONTROLS, pkrs: denyKey5 })).toBe(0);
});

test("write-disable of each key stops writes under WP, and reads never", () => {
  const supervisorPage = { ...ALL_RIGHTS, user: false };
  for (let key = 0; key < 16; key++) {
    const pkrs = (0b10 << (2 * key)) | 0;
    const on = { ...LINUX_CONTROLS, pkrs };
    expect(checkAccess(supervisorPage, key, READ, on)).toBe(0);
    expect(checkAccess(supervisorPage, key, WRITE, on)).not.toBe(0);
    expect(checkAccess(supervisorPage, key, WRITE, { ...on, writeProtect: false })).toBe(0);
    expect(protectionKeyOf(protectionKeyWord(key))).toBe(key);
  }
});
