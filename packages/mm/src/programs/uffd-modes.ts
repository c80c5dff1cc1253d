/** Modes of UFFDIO_REGISTER as bits of `vm_flags`. */

import { VM_UFFD_MINOR, VM_UFFD_MISSING, VM_UFFD_WP } from "../state/vma.ts";
import { MODE_MINOR, MODE_MISSING, MODE_WP } from "./constants.ts";

/** The bits for the modes of a call. */
export function uffdModesOf(modes: number): number {
  return (
    ((modes & MODE_MISSING) === 0 ? 0 : VM_UFFD_MISSING) |
    ((modes & MODE_WP) === 0 ? 0 : VM_UFFD_WP) |
    ((modes & MODE_MINOR) === 0 ? 0 : VM_UFFD_MINOR)
  );
}
