/** Fatal signals: what ends a killable wait. Kernel: fatal_signal_pending(), Linux v6.12. */

import { Operation, SharedObject, type OperationKind } from "@mmrace/scheduler";

/** What a killable operation returns when it was interrupted: -EINTR. */
export const EINTR = -4;

/** The pending SIGKILL of one process. */
export class FatalSignal extends SharedObject {
  /** For properties. */
  isPending = false;

  constructor(name: string = "signal") {
    super("signal", name);
  }
}

const sendKind: OperationKind<FatalSignal, void, void> = {
  name: "send_sigkill",
  access: "write",
  order: "locked",
  perform: (signal) => {
    signal.isPending = true;
  },
};

/** Sends SIGKILL to the process. */
export function sendSigkill(signal: FatalSignal): Operation<void> {
  return Operation.of(sendKind, signal, undefined);
}
