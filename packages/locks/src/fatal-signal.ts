/** Fatal signals: what ends a killable wait before it has got what it waited for. */

import { Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";

/** The error of an interrupted wait; operations return it negated, as the kernel does. */
export const EINTR = 4;

/**
 * Whether one task was sent SIGKILL. Killable waits of that task name it, and so touch it. Reduced: one signal, never
 * taken back, and it kills nobody; a model that minds returns when a wait answers -EINTR.
 */
export class FatalSignal extends SharedObject {
  /** `fatal_signal_pending` of include/linux/sched/signal.h; for properties. */
  isPending = false;

  constructor(name?: string) {
    super("signal", name);
  }

  override stateValue(): unknown {
    return this.isPending;
  }
}

const sendKind: OperationKind<FatalSignal, void, void> = {
  name: "send_sigkill",
  access: "write",
  accessNow: ({ isPending }) => (isPending ? "read" : "write"),
  perform: (signal) => {
    signal.isPending = true;
  },
};

/** Sends SIGKILL to the task: `send_sig(SIGKILL, ...)` down to `complete_signal`, kernel/signal.c, v6.12. */
export function sendSigkill(signal: FatalSignal): Operation<void> {
  return Operation.of(sendKind, signal, undefined);
}
