/** How syzkaller writes the calls that can be imported: with lengths and flags of every kind, which are narrowed afterwards. */

import { ioctl, RANGE, type ArgKind, type CallSpec } from "./call-spec.ts";
import { REGISTER_MODES, WRITEPROTECT_MODES } from "./constants.ts";
import {
  bytes,
  file,
  fileOrNone,
  fixed,
  flags,
  ignored,
  number,
  optional,
  struct,
  vma,
  type Shape,
} from "./shapes.ts";

function call(args: readonly ArgKind[], ...shape: readonly Shape[]): CallSpec {
  return { code: "", args, shape, places: ["thread"], about: "" };
}

const FILL: readonly Shape[] = [struct(...RANGE), optional(2), ignored("0x0")];

/** By name. What is made by memfd_create(), open() and userfaultfd() needs no look at the arguments. */
export const importSpecs: Readonly<Record<string, CallSpec>> = {
  mmap: call(
    ["page", "pages", "prot", "map", "fileOrNone", "index"],
    ...RANGE,
    number(2),
    number(3),
    fileOrNone(4),
    bytes(5),
  ),
  munmap: call(["page", "pages"], ...RANGE),
  mremap: call(
    ["page", "pages", "page", "pages", "value"],
    ...RANGE,
    bytes(3),
    number(4),
    vma(2, { arg: 1 }),
  ),
  madvise: call(["page", "pages", "advice"], ...RANGE, number(2)),
  ioctl$UFFDIO_API: call(["features"], ...ioctl("UFFDIO_API", fixed(0xaa), optional(0), ignored("0x0"))),
  ioctl$UFFDIO_REGISTER: call(
    ["page", "pages", "registerModes"],
    ...ioctl("UFFDIO_REGISTER", struct(...RANGE), flags(2, REGISTER_MODES), ignored("0x0")),
  ),
  ioctl$UFFDIO_UNREGISTER: call(["page", "pages"], ...ioctl("UFFDIO_UNREGISTER", ...RANGE)),
  ioctl$UFFDIO_WAKE: call(["page", "pages"], ...ioctl("UFFDIO_WAKE", ...RANGE)),
  ioctl$UFFDIO_COPY: call(
    ["page", "pages", "value"],
    ...ioctl("UFFDIO_COPY", vma(0, { arg: 1 }), ignored("nil"), bytes(1), optional(2), ignored("0x0")),
  ),
  ioctl$UFFDIO_ZEROPAGE: call(["page", "pages", "value"], ...ioctl("UFFDIO_ZEROPAGE", ...FILL)),
  ioctl$UFFDIO_CONTINUE: call(["page", "pages", "value"], ...ioctl("UFFDIO_CONTINUE", ...FILL)),
  ioctl$UFFDIO_POISON: call(["page", "pages", "value"], ...ioctl("UFFDIO_POISON", ...FILL)),
  ioctl$UFFDIO_WRITEPROTECT: call(
    ["page", "pages", "wpMode"],
    ...ioctl("UFFDIO_WRITEPROTECT", struct(...RANGE), flags(2, WRITEPROTECT_MODES)),
  ),
  ioctl$UFFDIO_MOVE: call(
    ["page", "page", "pages", "value"],
    ...ioctl("UFFDIO_MOVE", vma(0, { arg: 2 }), vma(1, { arg: 2 }), bytes(2), number(3), ignored("0x0")),
  ),
  ftruncate: call(["file", "size"], file(0), bytes(1)),
  fallocate: call(["file", "fallocMode", "index", "pages"], file(0), number(1), bytes(2), bytes(3)),
};

/** Calls that make a descriptor. */
export const importMakers: Readonly<Record<string, "file" | "text" | "uffd">> = {
  memfd_create: "file",
  open: "text",
  userfaultfd: "uffd",
};
