/**
 * What locks have in common that keep preemption off while they are held. Since 4.20 whoever holds one is an RCU reader:
 * RCU-sched became RCU (45975c7d21a1), so a grace period waits for every region with preemption off. Not on PREEMPT_RT,
 * where holders of spinlocks are preempted. Before 4.20 only RCU-sched waited for them.
 */

import type { ModelThread, OperationKind, Touch } from "@mmrace/scheduler";
import { Lock, type LockOptions } from "./lock.ts";
import type { Lockdep } from "./lockdep/lockdep.ts";
import type { Rcu } from "./rcu.ts";

/** What regions with preemption off mean to RCU. */
export interface PreemptionTraits {
  /** RCU whose grace periods wait for such regions. Default: none does, as up to 4.19 and on PREEMPT_RT. */
  readonly rcu?: Rcu;
}

/** Optional traits of such a lock. */
export interface SpinningLockOptions extends LockOptions, PreemptionTraits {}

/** The base of these locks. */
export abstract class SpinningLock extends Lock {
  /** RCU whose grace periods wait for holders. */
  readonly rcu: Rcu | undefined;

  constructor(lockdep: Lockdep, lockClass: string, options: SpinningLockOptions) {
    super(lockdep, lockClass, options);
    this.rcu = options.rcu;
  }
}

/** One operation on locks that hold back no grace period, and on those that do: these touch their RCU as well. */
export interface KindsByRcu<L extends SpinningLock, A, R> {
  readonly alone: OperationKind<L, A, R>;
  readonly reading: OperationKind<L, A, R>;
}

/** The kinds of an operation that turns preemption off; its `perform` calls `rcu.enter`. */
export function disablingPreemption<L extends SpinningLock, A, R>(
  kind: OperationKind<L, A, R>,
): KindsByRcu<L, A, R> {
  const touches = ({ rcu }: L, _argument: A, thread: ModelThread): readonly Touch[] => [
    { access: rcu!.enterAccess(thread), object: rcu! },
  ];
  return { alone: kind, reading: { ...kind, touches } };
}

/** The kinds of an operation that turns it on again; its `perform` calls `rcu.leave`. */
export function enablingPreemption<L extends SpinningLock, A, R>(
  kind: OperationKind<L, A, R>,
): KindsByRcu<L, A, R> {
  const touches = ({ rcu }: L, _argument: A, thread: ModelThread): readonly Touch[] => [
    { access: rcu!.leaveAccess(thread), object: rcu! },
    ...rcu!.touchedByLeave(thread),
  ];
  return { alone: kind, reading: { ...kind, touches } };
}

/** The kind for this lock. */
export function kindFor<L extends SpinningLock, A, R>(
  lock: L,
  { alone, reading }: KindsByRcu<L, A, R>,
): OperationKind<L, A, R> {
  return lock.rcu === undefined ? alone : reading;
}
