/** What all locks have in common: a class, a lockdep to report to, and perhaps memory that can be freed under them. */

import { SharedObject, type Lifetime } from "@mmrace/scheduler";
import type { Lockdep } from "./lockdep/lockdep.ts";

/** Optional traits of a lock. */
export interface LockOptions {
  /** What a trace calls the lock; the class name by default. */
  readonly name?: string;
  /** The memory the lock lives in, when that can be freed. */
  readonly lifetime?: Lifetime;
}

/** The base of all locks. */
export abstract class Lock extends SharedObject {
  readonly lockdep: Lockdep;

  /** @param lockClass the lockdep class; it also names sites: `pte_lock`, `mmap_lock`. */
  constructor(lockdep: Lockdep, lockClass: string, options: LockOptions = {}) {
    super(lockClass, options.name, options.lifetime);
    this.lockdep = lockdep;
  }
}
