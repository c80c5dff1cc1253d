/** The system calls of a userfaultfd. @see fs/userfaultfd.c, validate_range(), Linux v6.12 */

import type { Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import type { FillMode, Result } from "../ops/userfaultfd/mfill-atomic.ts";
import type { MmStruct } from "../state/mm-struct.ts";
import { VM_UFFD_MINOR, VM_UFFD_MISSING, VM_UFFD_WP, type Vma } from "../state/vma.ts";
import type { World } from "../state/world.ts";

/** Modes of UFFDIO_REGISTER. */
export interface UffdModes {
  readonly missing?: boolean;
  readonly wp?: boolean;
  readonly minor?: boolean;
}

/**
 * One userfaultfd. Ranges must be whole pages, else EINVAL. Registration is of whole mappings.
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

  /** UFFDIO_REGISTER of the mapping at an address. EINVAL where none is, or without a mode. */
  *register(start: number, { missing = false, wp = false, minor = false }: UffdModes): Steps<Result> {
    const vma = this.#vmaAt(start);
    const modes = (missing ? VM_UFFD_MISSING : 0) | (wp ? VM_UFFD_WP : 0) | (minor ? VM_UFFD_MINOR : 0);
    if (start % PAGE_SIZE !== 0 || vma === null || modes === 0) return "EINVAL";
    if (minor && vma.file?.isShmem !== true) return "EINVAL"; // vma_can_userfault()
    return yield* this.#w.kernel.userfaultfdRegister(this.#w, vma, modes);
  }

  /** UFFDIO_UNREGISTER. */
  *unregister(start: number): Steps<Result> {
    const vma = this.#vmaAt(start);
    if (start % PAGE_SIZE !== 0 || vma === null) return "EINVAL";
    return yield* this.#w.kernel.userfaultfdUnregister(this.#w, vma);
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
    if (start % PAGE_SIZE !== 0 || length <= 0 || length % PAGE_SIZE !== 0) return "EINVAL";
    const vma = this.#vmaAt(start);
    if (vma === null) return "ENOENT";
    return yield* this.#w.kernel.userfaultfdWriteprotect(this.#w, vma, start, start + length, isEnabled);
  }

  /** UFFDIO_MOVE. 6.8 and later. */
  *move(dst: number, src: number, length: number = PAGE_SIZE): Steps<Result> {
    if ([dst, src, length].some((value) => value % PAGE_SIZE !== 0) || length <= 0) return "EINVAL";
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
    const vma = this.#vmaAt(address);
    if (vma === null) return "ENOENT";
    return yield* this.#w.kernel.userfaultfdFill(this.#w, vma, address, mode);
  }

  #vmaAt(address: number): Vma | null {
    return this.#mm.vmas.value.find((vma) => vma.covers(address)) ?? null;
  }
}
