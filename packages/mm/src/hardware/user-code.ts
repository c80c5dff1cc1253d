/**
 * Loads and stores of user code that fault as often as they must, and what a processor does with nobody asking.
 *
 * How often an access may fault is not bounded here: the step limit of the engine is.
 */

import { Operation, UsageError, type OperationKind, type Steps } from "@mmrace/scheduler";
import { virtualPage, serves } from "@mmrace/x86-paging";
import type { MmStruct } from "../state/mm-struct.ts";
import type { CpuTlb } from "../state/tlb.ts";
import type { Vma } from "../state/vma.ts";
import type { World } from "../state/world.ts";
import { userAccess, walk, type UserMapping } from "./user-access.ts";

/** What ends an access that the kernel does not serve. */
export type Signal = "SIGSEGV" | "SIGBUS";

/** Loads the page's value, on the CPU and in the mm of the running thread. */
export function* userLoad(w: World, vma: UserMapping, address: number): Steps<number | Signal> {
  return yield* serve(w, vma, address, undefined);
}

/** Stores a value as all that the page holds, on the CPU and in the mm of the running thread. */
export function* userStore(
  w: World,
  vma: UserMapping,
  address: number,
  value: number,
): Steps<"stored" | Signal> {
  const result = yield* serve(w, vma, address, value);
  return typeof result === "number" ? "stored" : result;
}

function* serve(
  w: World,
  vma: UserMapping,
  address: number,
  store: number | undefined,
): Steps<number | Signal> {
  const { tlb } = w.current;
  for (;;) {
    const attempt = yield* userAccess(tlb, { w, vma, address, store });
    if (attempt.kind === "done") return attempt.value;
    const result = yield* w.kernel.doUserAddrFault(w, vma.mm, address, store !== undefined);
    if (result === "sigsegv") return "SIGSEGV";
    if (result === "sigbus") return "SIGBUS";
  }
}

/** What a CPU has cached of an mm. @throws {UsageError} when it runs no code of it. */
function tlbOf(mm: MmStruct, cpu: number): CpuTlb {
  const found = mm.tlbs.cpus.find((tlb) => tlb.cpu === cpu);
  if (found !== undefined) return found;
  throw new UsageError(`CPU${cpu} runs no code of ${mm.name}: call w.runOn(${cpu}, mm) in setup.`);
}

/**
 * The body of a daemon: once, at any time, a CPU walks for an address that no instruction has asked for, and caches what
 * it finds (SDM volume 3, section 5.10.2.3: speculative execution). It never faults, and sets no Dirty.
 */
export function* speculativeFill(w: World, cpu: number, vma: Vma, address: number): Steps<void> {
  yield* walk(tlbOf(vma.mm, cpu), { w, vma, address, store: undefined, isSpeculative: true });
}

const evictKind: OperationKind<CpuTlb, number, void> = {
  name: "evict_translation",
  access: "write",
  order: "locked",
  perform: ({ caches }, address) => {
    const page = virtualPage(BigInt(address));
    caches.retain(
      (entry) => !serves(entry, page),
      () => true,
    );
  },
  describe: ({ cpu }, address) => `CPU${cpu} evicts 0x${address.toString(16)}`,
};

/** The body of a daemon: once, at any time, a CPU drops the translations of an address, as a full TLB does. */
export function* evictTranslation(_w: World, cpu: number, vma: Vma, address: number): Steps<void> {
  yield* Operation.of(evictKind, tlbOf(vma.mm, cpu), address);
}
