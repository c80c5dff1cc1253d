/**
 * What operations become when stores are buffered: the kinds of `tso`, derived from those of `sc` by their order.
 * Method: the abstract machine of Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO", TPHOLs 2009.
 *
 * A store and the step that drains it are tied by the store's slot, so partial-order reduction knows which draining
 * belongs to which store, and that stores of different CPUs to one location meet only where they reach memory. Threads
 * that share a CPU share its buffer and meet at the buffer's end as well.
 */

import { assert } from "./assert.ts";
import { changes } from "./footprint.ts";
import { PASS, type AnyKind, type MemoryOrder, type Touch } from "./operation.ts";
import type { SharedObject } from "./shared-object.ts";
import type { StoreBuffer } from "./store-buffer.ts";
import type { ModelThread } from "./thread.ts";

const derived = new WeakMap<AnyKind, AnyKind>();

/** The kind that stands for `kind` in runs under `tso`. */
export function underTso(kind: AnyKind): AnyKind {
  let found = derived.get(kind);
  if (found === undefined) {
    found = MAKERS[orderOf(kind)](kind);
    derived.set(kind, found);
    derived.set(found, found);
  }
  return found;
}

/** How x86 orders operations of a kind. */
export function orderOf({ order, access, role }: AnyKind): MemoryOrder {
  if (order !== undefined) return order;
  if (changes(access) || role === "acquire") return "locked";
  return access === "read" ? "load" : "none";
}

const MAKERS: Readonly<Record<MemoryOrder, (kind: AnyKind) => AnyKind>> = {
  none: (kind) => kind,
  locked: lockedKind,
  load: loadKind,
  store: storeKind,
};

function lockedKind(kind: AnyKind): AnyKind {
  return {
    ...kind,
    isEnabled: (object, argument, thread) =>
      bufferOf(thread).isEmpty && (kind.isEnabled?.(object, argument, thread) ?? true),
    // Its own CPU's stores reach memory sooner or later, whatever the others do.
    isBlockable: (thread) => kind.isEnabled !== undefined || bufferOf(thread).isShared,
    touches: (object, argument, thread) => {
      const buffer = bufferOf(thread);
      const touches = [...(kind.touches?.(object, argument, thread) ?? []), reads(buffer)];
      if (buffer.issued > 0) touches.push(reads(buffer.slot(buffer.issued - 1)));
      return touches;
    },
    ...(kind.thenWait === undefined ? {} : { thenWait: underTso(kind.thenWait) }),
  };
}

function storeKind(kind: AnyKind): AnyKind {
  const { accessNow: _accessNow, isEnabled, ...rest } = kind;
  assert(isEnabled === undefined, `${kind.name} is a store, so it cannot have to wait`);
  return {
    ...rest,
    access: "none",
    touches: (object, argument, thread) => {
      const buffer = bufferOf(thread);
      const own = kind.touches?.(object, argument, thread) ?? [];
      return [...own, writes(buffer), writes(buffer.slot(buffer.issued))];
    },
    perform: (object, argument, thread) => {
      bufferOf(thread).push({ kind, object, argument, thread, site: thread.pending?.site });
      kind.issue?.(object, argument, thread);
      return undefined;
    },
  };
}

function loadKind(kind: AnyKind): AnyKind {
  return {
    ...kind,
    isEnabled: (object, argument, thread) =>
      forwarded(kind, object, argument, thread)?.value !== NOT_YET &&
      (kind.isEnabled?.(object, argument, thread) ?? true),
    isBlockable: (thread) => kind.isEnabled !== undefined || bufferOf(thread).isShared,
    accessNow: (object, argument, thread) =>
      forwarded(kind, object, argument, thread) === undefined
        ? (kind.accessNow?.(object, argument, thread) ?? kind.access)
        : "none",
    touches: (object, argument, thread) => {
      const touches = [...(kind.touches?.(object, argument, thread) ?? []), reads(bufferOf(thread))];
      const store = forwarded(kind, object, argument, thread);
      if (store !== undefined) touches.push(reads(store.slot));
      return touches;
    },
    perform: (object, argument, thread) => {
      const store = forwarded(kind, object, argument, thread);
      return store === undefined ? kind.perform(object, argument, thread) : store.value;
    },
  };
}

/** Stands for the value of a store that cannot be forwarded to this kind of load. */
const NOT_YET: unique symbol = Symbol("not yet");

interface Forwarded {
  readonly value: unknown;
  readonly slot: SharedObject;
}

/** What the CPU's own buffer has for a load: the value, or that it must reach memory first. */
function forwarded(
  { forward }: AnyKind,
  object: SharedObject,
  argument: unknown,
  thread: ModelThread,
): Forwarded | undefined {
  const buffer = bufferOf(thread);
  for (let n = buffer.issued - 1; n >= buffer.drained; n--) {
    const store = buffer.store(n)!;
    if (store.object !== object) continue;
    const value = forward === undefined ? NOT_YET : forward(argument, store.argument);
    if (value !== PASS) return { value, slot: buffer.slot(n) };
  }
  return undefined;
}

function bufferOf({ storeBuffer, name }: ModelThread): StoreBuffer {
  assert(storeBuffer !== undefined, `${name} has no store buffer`);
  return storeBuffer;
}

function reads(object: SharedObject): Touch {
  return { access: "read", object };
}

function writes(object: SharedObject): Touch {
  return { access: "write", object };
}
