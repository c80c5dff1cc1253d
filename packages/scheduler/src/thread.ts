/** A model thread as the engine and the strategies see it. */

import type { CpuGate } from "./cpu-gate.ts";
import type { Operation } from "./operation.ts";
import { procedureName, type ProcedureName } from "./site.ts";
import type { StoreBuffer } from "./store-buffer.ts";

/** A running procedure of a thread. The counts serve `nth` in site addresses and exist only when asked for. */
export interface Frame {
  readonly procedure: ProcedureName;
  /** How often each site was announced in this frame. */
  counts: Map<string, number> | undefined;
}

/** One model thread in one execution. */
export class ModelThread {
  /** 0, 1, ... in the order in which the scenario names its threads. */
  readonly id: number;
  readonly name: string;
  /** The model CPU it runs on. */
  readonly cpu: number;
  /** A daemon (an internal actor such as the RCU grace period) need not finish for an execution to end. */
  readonly isDaemon: boolean;
  /** The announced operation. `undefined` before the first announcement and after the end. */
  pending: Operation<unknown> | undefined = undefined;
  isFinished = false;
  /** Whether the pending operation could run at the last scheduling point. */
  isEnabled = false;
  /** The running procedures, outermost first. */
  readonly frames: Frame[];
  /** Writes this thread has performed, and the others' writes it had seen at its last `cpuRelax`. */
  writes = 0;
  foreignWritesSeen = 0;
  /** What may keep it off its CPU; most worlds have no such thing. */
  gate: CpuGate | undefined = undefined;
  /** The store buffer of its CPU, under `tso`. */
  storeBuffer: StoreBuffer | undefined = undefined;
  /** Set for the actor that drains a store buffer. It takes no CPU from anybody, so running it is no preemption. */
  isHardware = false;
  /** Called when the thread has come to its end: for primitives that then have something to check. */
  onExit: (() => void) | undefined = undefined;

  /** @param code what its code is called in sites, if not by its name. */
  constructor(id: number, name: string, cpu: number, isDaemon: boolean, code: string = name) {
    this.id = id;
    this.name = name;
    this.cpu = cpu;
    this.isDaemon = isDaemon;
    this.frames = [{ procedure: procedureName(code), counts: undefined }];
  }

  /** The innermost running procedure. */
  get frame(): Frame {
    return this.frames[this.frames.length - 1]!;
  }
}

/** Whether the thread has something to do that can be done now. */
export function canRun(thread: ModelThread): boolean {
  const { pending, gate } = thread;
  if (pending === undefined) return false;
  if (gate !== undefined && !gate.admits(thread)) return false;
  const { isEnabled } = pending.kind;
  return isEnabled === undefined || isEnabled(pending.object, pending.argument, thread);
}
