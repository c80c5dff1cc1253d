/** What a model run does, as the lines in which a real kernel's trace is compared. */

import { MUST_WAIT, type ModelThread, type Observer, type Operation } from "@mmrace/scheduler";
import { NONE_ENTRY, pmdLeaf, pmdNone, pteNone, sameEntry, type Entry } from "@mmrace/x86-paging";
import { PmdSlot } from "../state/pmd-table.ts";
import { acquireLine, LockNames, releaseLine, writeLine, type ModeText } from "./lines.ts";
import { LOCK_CLASSES, WRITES_NOT_TRACED } from "./mapping.ts";

/** Operations that take a lock: how, and with what result when they may fail. */
const TAKING: Readonly<Record<string, { readonly mode: ModeText; readonly isTry: boolean }>> = {
  spin_lock: { mode: "", isTry: false },
  spin_trylock: { mode: "", isTry: true },
  down_read: { mode: ":r", isTry: false },
  down_read_trylock: { mode: ":r", isTry: true },
  down_write: { mode: ":w", isTry: false },
  down_write_trylock: { mode: ":w", isTry: true },
  rcu_read_lock: { mode: ":r", isTry: false },
};

const RELEASING: ReadonlySet<string> = new Set(["spin_unlock", "up_read", "up_write", "rcu_read_unlock"]);

const classOf = new Map(Object.entries(LOCK_CLASSES).map(([kernel, model]) => [model, kernel] as const));

/** Watches one thread of one execution. A downgrade shows in no trace: a lock counts as held as it was taken. */
export class TraceLines implements Observer {
  readonly lines: string[] = [];
  readonly #thread: string;
  readonly #hasNotifier: boolean;
  readonly #names = new LockNames();
  readonly #held: string[] = [];

  /** @param hasNotifier whether a secondary MMU is registered: only then does a kernel's trace show the ends. */
  constructor(thread: string, hasNotifier: boolean) {
    this.#thread = thread;
    this.#hasNotifier = hasNotifier;
  }

  onStep(thread: ModelThread, operation: Operation<unknown>, result: unknown): void {
    if (thread.name !== this.#thread || result === MUST_WAIT) return;
    const { name } = operation.kind;
    const lock = classOf.get(operation.object.class.name);
    const taking = TAKING[name];
    if (lock !== undefined && taking !== undefined) {
      if (!taking.isTry || result === true) this.#take(lock, operation, taking.mode, taking.isTry, thread);
    } else if (lock !== undefined && RELEASING.has(name)) this.#release(lock, operation);
    else if (thread.frame.procedure.name in WRITES_NOT_TRACED) return;
    else for (const what of this.#writesOf(operation, result)) this.lines.push(writeLine(what, this.#held));
  }

  #take(
    lock: string,
    operation: Operation<unknown>,
    mode: ModeText,
    isTry: boolean,
    thread: ModelThread,
  ): void {
    // Before the lock is taken, as the kernel's hook sits at the beginning of the function.
    if (lock === "ptl_pmd" && thread.frame.procedure.name === "pmd_install")
      this.lines.push(writeLine("pmd_install_enter", this.#held));
    const name = this.#names.nameOf(lock, operation.object);
    this.lines.push(acquireLine(name, mode, isTry));
    this.#held.push(name + mode);
  }

  #release(lock: string, operation: Operation<unknown>): void {
    const name = this.#names.nameOf(lock, operation.object);
    this.lines.push(releaseLine(name));
    const at = this.#held.findLastIndex((held) => held.replace(/:[rw]$/, "") === name);
    if (at >= 0) this.#held.splice(at, 1);
  }

  #writesOf({ kind, object, argument }: Operation<unknown>, result: unknown): readonly string[] {
    if (object instanceof PmdSlot) return pmdWrites(kind.name, argument, result);
    switch (kind.name) {
      case "set_pte":
        return [pteNone((argument as readonly [number, Entry])[1]) ? "clear_pte" : "set_pte"];
      case "ptep_get_and_clear":
        return pteNone(result as Entry) ? [] : ["clear_pte"];
      case "clear_ptes":
        return Array.from({ length: result as number }, () => "clear_pte");
      case "flush_tlb_mm_range":
        return ["flush_tlb"];
      case "mmu_notifier_invalidate_range_start":
        return ["mmu_notifier_start"];
      case "mmu_notifier_invalidate_range_end":
        return this.#hasNotifier ? ["mmu_notifier_end"] : [];
      case "call_rcu":
        return (argument as { readonly name: string }).name.startsWith("pte_free ") ? ["pte_free_defer"] : [];
      default:
        return [];
    }
  }
}

/** Stores of table pointers are not hooked in the traced kernels, as they are plain assignments there. */
function pmdWrites(kind: string, argument: unknown, result: unknown): readonly string[] {
  if (kind === "xchg")
    return sameEntry(argument as Entry, NONE_ENTRY) && !pmdNone(result as Entry)
      ? ["clear_pmd"]
      : ["set_pmd"];
  if (kind !== "write_once") return [];
  return pmdLeaf(argument as Entry) ? ["set_pmd"] : [];
}
