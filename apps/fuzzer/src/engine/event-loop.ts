/** Long work in one thread lets others have their turn. */

/** Lets the event loop turn: only then are signals delivered. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
