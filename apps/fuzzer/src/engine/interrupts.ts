/** Ctrl-C, and a polite end from outside. */

/** Signals that end a campaign with its state saved. A second one ends the process. */
const INTERRUPTS = ["SIGINT", "SIGTERM"] as const;

/** Calls back at the first of the signals. @returns what takes that back. */
export function onInterrupt(callback: () => void): () => void {
  for (const signal of INTERRUPTS) process.once(signal, callback);
  return () => {
    for (const signal of INTERRUPTS) process.removeListener(signal, callback);
  };
}
