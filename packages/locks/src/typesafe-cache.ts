/**
 * Caches of type-stable objects: SLAB_TYPESAFE_BY_RCU. A freed object may be handed out again at once, under a reader
 * that still looks at it; its memory stays memory of such objects until a grace period has passed. So a reader finds
 * out, once it has a reference, whether the object is still the one that it was looking for.
 * Kernel: include/linux/slab.h and mm/slub.c, Linux v6.12. Reduced: every object has a slab of its own.
 */

import {
  Lifetime,
  Operation,
  SharedObject,
  violate,
  type OperationKind,
  type Steps,
} from "@mmrace/scheduler";
import { callRcu } from "./rcu-update.ts";
import type { Rcu } from "./rcu.ts";

/** Oracle name of misuse of memory: freed twice, used after its slab is gone. */
export const USE_AFTER_FREE = "use-after-free";

/** Makes an object of a cache. What readers look at must live in `slab`. Numbers start at 1. */
export type Constructor<T> = (slab: Lifetime, number: number) => T;

/** A cache of objects, with those that are free. */
export class TypesafeCache<T extends object> extends SharedObject {
  readonly rcu: Rcu;
  readonly #construct: Constructor<T>;
  readonly #slabs = new Map<T, Lifetime>();
  readonly #free: T[] = [];
  #created = 0;

  /** @param className the location class; it names sites and objects: `vm_area`. */
  constructor(rcu: Rcu, className: string, construct: Constructor<T>) {
    super(className);
    this.rcu = rcu;
    this.#construct = construct;
  }

  /** The object that was freed last, or a new one. Call it only from the `perform` of an operation on the cache. */
  take(): T {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const number = ++this.#created;
    const slab = new Lifetime("slab", `slab of ${this.name} ${number}`, USE_AFTER_FREE);
    const object = this.#construct(slab, number);
    this.#slabs.set(object, slab);
    return object;
  }

  /** Takes an object back. False: it is free already, or none of this cache. Call it like `take`. */
  give(object: T): boolean {
    if (!this.#slabs.has(object) || this.#free.includes(object)) return false;
    this.#free.push(object);
    return true;
  }

  /** Forgets the free objects. Call it like `take`. @returns their slabs. */
  drop(): readonly Lifetime[] {
    return this.#free.splice(0).map((object) => {
      const slab = this.#slabs.get(object)!;
      this.#slabs.delete(object);
      return slab;
    });
  }
}

type AnyCache = TypesafeCache<object>;

const allocKind: OperationKind<AnyCache, void, object> = {
  name: "kmem_cache_alloc",
  access: "write",
  order: "locked",
  isIndispensable: true,
  perform: (cache) => cache.take(),
};

const freeKind: OperationKind<AnyCache, object, void> = {
  name: "kmem_cache_free",
  access: "write",
  order: "locked",
  perform: (cache, object, thread) => {
    if (cache.give(object)) return;
    violate(USE_AFTER_FREE, `${thread.name} frees an object of ${cache.name} that is not in use`);
  },
};

const shrinkKind: OperationKind<AnyCache, void, readonly Lifetime[]> = {
  name: "kmem_cache_shrink",
  access: "write",
  order: "locked",
  isIndispensable: true,
  perform: (cache) => cache.drop(),
};

const freeSlabKind: OperationKind<Lifetime, void, void> = {
  name: "free_slab",
  access: "write",
  order: "locked",
  perform: (slab) => slab.end(),
};

/** Takes an object: the one freed last, as it was left, else a new one. Reduced: never fails. */
export function kmemCacheAlloc<T extends object>(cache: TypesafeCache<T>): Operation<T> {
  return Operation.of(allocKind, cache, undefined) as Operation<T>;
}

/** Gives an object back; it may be handed out again at once. An object that is free already is reported. */
export function kmemCacheFree<T extends object>(cache: TypesafeCache<T>, object: T): Operation<void> {
  return Operation.of(freeKind, cache, object);
}

/** Gives the memory of all free objects back, each slab after a grace period. Needs the daemon of the RCU. */
export function* kmemCacheShrink<T extends object>(cache: TypesafeCache<T>): Steps<void> {
  const slabs = yield* Operation.of(shrinkKind, cache, undefined);
  for (const slab of slabs) {
    yield* callRcu(cache.rcu, `free ${slab.name}`, () => Operation.of(freeSlabKind, slab, undefined));
  }
}
