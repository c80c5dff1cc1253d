/** How long a shared object may be used. An operation on an object whose lifetime has ended is a violation. */

import { activeEngine } from "./active.ts";
import { SharedObject } from "./shared-object.ts";
import type { ModelThread } from "./thread.ts";

/**
 * The life of a piece of memory that can be freed: a page table, say, with its lock and its entries.
 * It is itself a shared object: every operation on something that lives in it reads it, and the operation that
 * frees it writes it, so partial-order reduction keeps a use and the free in both orders.
 */
export class Lifetime extends SharedObject {
  /** Name under which a use after the end is reported. */
  readonly oracle: string;
  #ended = false;

  /** @param className location class of the memory, for example `page_table`. */
  constructor(className: string, name: string, oracle: string) {
    super(className, name);
    this.oracle = oracle;
  }

  /** True from the operation that freed the memory on. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Marks the memory as freed. Call it only from the `perform` of an operation on this lifetime. */
  end(): void {
    this.#ended = true;
  }

  override stateValue(): unknown {
    return this.#ended;
  }
}

/** Ends the execution with a violation when a thread touches an object whose memory was freed. */
export function reportIfEnded(
  { lifetime, name }: SharedObject,
  operation: string,
  thread: ModelThread,
): void {
  if (lifetime?.ended !== true) return;
  const message = `${thread.name} does ${operation} on ${name} after ${lifetime.name} was freed`;
  activeEngine().report(lifetime.oracle, message);
}
