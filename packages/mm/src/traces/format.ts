/**
 * Lock traces of real kernels: the file format. One JSON object per line; a line with `op` begins an operation, the lines
 * after it are its events in order. Described in docs/reference/lock-traces.md.
 */

import { UsageError } from "@mmrace/scheduler";

/** One event of a real kernel, with the fields that the comparison looks at. */
export interface KernelEvent {
  /** `acquire`, `release`, `set_pte`, `flush_tlb`, ... */
  readonly e: string;
  /** Of `acquire` and `release`: the lock class. */
  readonly lock?: string;
  /** Tells locks of one class apart, within the operation. */
  readonly id?: number;
  readonly mode?: "read" | "write" | "excl";
  /** Of an `acquire`: the code that does it, `__pte_offset_map+0x24`. */
  readonly at?: string;
  /** Present on a trylock that succeeded. */
  readonly try?: number;
  /** Locks held at the event: `mmap_lock#1:r`. */
  readonly held?: readonly string[];
  /** Entries that a `set_pte` writes. */
  readonly n?: number;
}

/** What a real kernel did in one operation. */
export interface TracedOperation {
  readonly op: string;
  /** `6.12`. */
  readonly kernel: string;
  /** What the system calls of the operation gave back, as lines. */
  readonly result: readonly string[];
  readonly events: readonly KernelEvent[];
}

interface Line {
  readonly op?: unknown;
  readonly kernel?: unknown;
  readonly result?: unknown;
  readonly e?: unknown;
}

/** @throws {UsageError} with the line number, when a line is not of the format. */
export function parseTraces(text: string): readonly TracedOperation[] {
  const operations: (TracedOperation & { events: KernelEvent[] })[] = [];
  for (const [at, raw] of text.split("\n").entries()) {
    if (raw.trim() === "") continue;
    const line = parseLine(raw, at + 1);
    if (typeof line.op === "string") {
      operations.push({
        op: line.op,
        kernel: releaseOf(line.kernel, at + 1),
        result: Array.isArray(line.result) ? line.result.map(String) : [],
        events: [],
      });
    } else if (typeof line.e === "string") {
      const current = operations.at(-1);
      if (current === undefined)
        throw new UsageError(`Line ${at + 1} of the trace is an event before any operation.`);
      current.events.push(line as KernelEvent);
    } else {
      throw new UsageError(`Line ${at + 1} of the trace names neither an operation nor an event.`);
    }
  }
  return operations;
}

function parseLine(raw: string, number: number): Line {
  try {
    const line: unknown = JSON.parse(raw);
    if (typeof line === "object" && line !== null) return line;
  } catch {
    // Said below.
  }
  throw new UsageError(`Line ${number} of the trace is no JSON object. Is the file complete?`);
}

function releaseOf(kernel: unknown, number: number): string {
  const release = /^\d+\.\d+/.exec(String(kernel))?.[0];
  if (release !== undefined) return release;
  throw new UsageError(`Line ${number} of the trace does not say which kernel it comes from.`);
}
