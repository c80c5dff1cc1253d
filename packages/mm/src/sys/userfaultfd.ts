/** The system calls of a userfaultfd. @see fs/userfaultfd.c, validate_range(), Linux v6.12 */

import type { Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import type { FillMode, Result } from "../ops/userfaultfd/mfill-atomic.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import { VM_UFFD_MINOR, VM_UFFD_MISSING, VM_UFFD_WP } from "../state/vma.ts";
import type { World } from "../state/world.ts";

/** Modes of UFFDIO_REGISTER. */
export interface UffdModes {
  readonly missing?: boolean;
  readonly wp?: boolean;
  readonly minor?: boolean;
}

/**
 * One userfaultfd. Ranges must be whole pages, else EINVAL. Registration is of whole mappings: all that the range touches.
 *
 * Reduced: fills serve one page for each call.
 */
export class Userfaultfd {
  readonly #w: World;
  readonly #mm: MmStruct;

  constructor(w: World, mm: MmStruct) {
    this.#w = w;
    this.#mm = mm;
  }

  /** UFFDIO_REGISTER. EINVAL where nothing is mapped that can be watched so, or without a mode. */
  *register(
    start: number,
    { missing = false, wp = false, minor = false }: UffdModes,
    length: number = PAGE_SIZE,
  ): Steps<Result> {
    const modes = (missing ? VM_UFFD_MISSING : 0) | (wp ? VM_UFFD_WP : 0) | (minor ? VM_UFFD_MINOR : 0);
    if (!isRange(start, length) || modes === 0) return "EINVAL";
    return yield* this.#w.kernel.userfaultfdRegisterRange(this.#w, this.#mm, start, start + length, modes);
  }

  /** UFFDIO_UNREGISTER. */
  *unregister(start: number, length: number = PAGE_SIZE): Steps<Result> {
    if (!isRange(start, length)) return "EINVAL";
    return yield* this.#w.kernel.userfaultfdUnregisterRange(this.#w, this.#mm, start, start + length);
  }

  /** UFFDIO_COPY of one page. */
  *copy(address: number): Steps<Result> {
    return yield* this.#fill(address, "COPY");
  }

  /** UFFDIO_ZEROPAGE of one page. */
  *zeropage(address: number): Steps<Result> {
    return yield* this.#fill(address, "ZEROPAGE");
  }

  /** UFFDIO_CONTINUE of one page. */
  *continue(address: number): Steps<Result> {
    return yield* this.#fill(address, "CONTINUE");
  }

  /** UFFDIO_POISON of one page. 6.6 and later. */
  *poison(address: number): Steps<Result> {
    return yield* this.#fill(address, "POISON");
  }

  /** UFFDIO_WRITEPROTECT: protects, or lifts that. */
  *writeprotect(start: number, length: number, isEnabled: boolean): Steps<Result> {
    if (!isRange(start, length)) return "EINVAL";
    const like = { mm: this.#mm };
    return yield* this.#w.kernel.userfaultfdWriteprotect(this.#w, like, start, start + length, isEnabled);
  }

  /** UFFDIO_MOVE. 6.8 and later. */
  *move(dst: number, src: number, length: number = PAGE_SIZE): Steps<Result> {
    if (!isRange(dst, length) || !isRange(src, length)) return "EINVAL";
    if (!this.#mm.covers(dst) || !this.#mm.covers(src)) return "ENOENT";
    const result = yield* this.#w.kernel.movePages(this.#w, this.#mm, dst, src, length);
    if (result === 0) yield* this.wake();
    return result;
  }

  /** UFFDIO_WAKE. */
  *wake(): Steps<void> {
    yield* this.#w.kernel.wakeUserfault(this.#w, this.#mm.userfaultfd);
  }

  *#fill(address: number, mode: FillMode): Steps<Result> {
    if (address % PAGE_SIZE !== 0) return "EINVAL";
    if (!this.#mm.covers(address)) return "ENOENT";
    return yield* this.#w.kernel.userfaultfdFill(this.#w, { mm: this.#mm }, address, mode);
  }
}

/** validate_range(), as far as it does not look at mappings. */
function isRange(start: number, length: number): boolean {
  return start % PAGE_SIZE === 0 && length > 0 && length % PAGE_SIZE === 0;
}
