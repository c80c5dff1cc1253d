/**
 * Store buffers: x86-TSO. One first-in-first-out queue of stores per CPU, and an internal actor that lets the oldest
 * one reach memory at any time. Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO", TPHOLs 2009.
 */

import { activeEngine } from "./active.ts";
import { reportIfEnded } from "./lifetime.ts";
import { Operation, type AnyKind, type OperationKind, type Touch } from "./operation.ts";
import { SharedObject } from "./shared-object.ts";
import type { Site } from "./site.ts";
import type { Steps } from "./steps.ts";
import type { ModelThread } from "./thread.ts";

/** A store on its way to memory. */
export interface BufferedStore {
  readonly kind: AnyKind;
  readonly object: SharedObject;
  readonly argument: unknown;
  /** Who issued it, and where. */
  readonly thread: ModelThread;
  readonly site: Site | undefined;
}

/** More stores of one CPU than an execution can have. */
const STORES_MAX = 1 << 20;

/**
 * The place of one store in a buffer: what ties its issue, its draining and loads that it feeds together. Made when
 * somebody looks at it, which a search may not do in every execution; so its location is computed, not given out.
 */
class Slot extends SharedObject {
  constructor(cpu: number, n: number) {
    super("store", `store ${n} of CPU${cpu}`, undefined, -1 - (cpu * STORES_MAX + n));
  }
}

/** The store buffer of one CPU. As a shared object it is its end: where stores enter. */
export class StoreBuffer extends SharedObject {
  readonly cpu: number;
  /** Whether several threads run on the CPU. */
  readonly isShared: boolean;
  /** Stores issued so far, and how many of them have reached memory. */
  issued = 0;
  drained = 0;
  /** Those of all CPUs, this one included: for operations that wait for other CPUs' stores. Filled before the first step. */
  ofAllCpus: readonly StoreBuffer[] = [this];
  /** All stores of the execution, oldest first. */
  readonly #stores: BufferedStore[] = [];
  readonly #slots: Slot[] = [];

  constructor(cpu: number, isShared: boolean) {
    super("store_buffer", `store buffer of CPU${cpu}`);
    this.cpu = cpu;
    this.isShared = isShared;
  }

  /** The stores on their way. How many there were before them is no state but a past. */
  override stateValue(): unknown {
    const waiting = this.#stores.slice(this.drained);
    return waiting.map(({ kind, object, argument, thread }) => [kind.name, object, argument, thread]);
  }

  get isEmpty(): boolean {
    return this.issued === this.drained;
  }

  /** The store that reaches memory next. */
  get oldest(): BufferedStore | undefined {
    return this.#stores[this.drained];
  }

  /** The store that has reached memory last. */
  get lastDrained(): BufferedStore | undefined {
    return this.#stores[this.drained - 1];
  }

  /** The place of the n-th store, from 0, whether or not it was issued yet. */
  slot(n: number): SharedObject {
    return (this.#slots[n] ??= new Slot(this.cpu, n));
  }

  /** The n-th store, if it was issued. */
  store(n: number): BufferedStore | undefined {
    return this.#stores[n];
  }

  /** Puts a store at the end. */
  push(store: BufferedStore): void {
    this.#stores.push(store);
    this.issued++;
  }
}

const drainKind: OperationKind<StoreBuffer, void, void> = {
  name: "drain",
  access: "none",
  order: "none",
  isEnabled: (buffer) => !buffer.isEmpty,
  touches: (buffer) => {
    const place: Touch = { access: "write", object: buffer.slot(buffer.drained) };
    const { oldest } = buffer;
    if (oldest === undefined) return [place];
    const { kind, object, argument, thread } = oldest;
    return [place, { access: "write", object }, ...(kind.touches?.(object, argument, thread) ?? [])];
  },
  perform: (buffer) => {
    const { kind, object, argument, thread } = buffer.oldest!;
    buffer.drained++;
    reportIfEnded(object, kind.name, thread);
    if (kind.drain === undefined) kind.perform(object, argument, thread);
    else kind.drain(object, argument, thread);
    activeEngine().noteWrite(thread);
  },
  describe: ({ lastDrained }) => `${wordsFor(lastDrained!)} reaches memory`,
};

function wordsFor({ kind, object, argument }: BufferedStore): string {
  return kind.describe?.(object, argument, undefined) ?? `${kind.name}(${object.name})`;
}

/** The store that an operation has just brought to memory; `undefined` when it is no draining. For observers. */
export function drainedBy(operation: Operation<unknown>): BufferedStore | undefined {
  return operation.object instanceof StoreBuffer ? operation.object.lastDrained : undefined;
}

/** The internal actor of a buffer. */
export function* drains(buffer: StoreBuffer): Steps<void> {
  for (;;) yield* Operation.of(drainKind, buffer, undefined);
}
