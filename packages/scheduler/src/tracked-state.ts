/**
 * State of a world that is in no shared object, and that local code changes: ghost state, and counters from which new
 * objects get their names. Searches over states must know it; everybody else pays nothing for it.
 */

/** Reads one piece of such state. */
export interface Tracker {
  readonly name: string;
  readonly read: () => unknown;
  /** Whether threads act on what they read there. */
  readonly isCounter: boolean;
  /** Whether properties look at nothing but such state and shared objects. */
  readonly isPromise: boolean;
}

let trackers: Tracker[] | undefined;

/** Collects the trackers of the world that is set up next, or nothing any more. @returns what was collected into before. */
export function collectTrackers(into: Tracker[] | undefined): Tracker[] | undefined {
  const before = trackers;
  trackers = into;
  return before;
}

/**
 * Names state that steps change, and that decides what they report; threads do not act on it. Every step is taken to depend
 * on it. Call it in `setup` only.
 *
 * @param read gives the state as a value, like `SharedObject.stateValue`.
 */
export function trackState(name: string, read: () => unknown): void {
  add({ name, read, isCounter: false, isPromise: false });
}

/** The same for state that local code reads and then changes, as a counter from which new objects get their numbers. */
export function trackCounter(name: string, read: () => unknown): void {
  add({ name, read, isCounter: true, isPromise: false });
}

/**
 * The same for ghost state, with a promise: the properties of the scenario look at shared objects and at tracked state, and
 * at nothing else. Then a search evaluates them once per state of the memory, not once per state of the threads.
 */
export function trackGhosts(read: () => unknown): void {
  add({ name: "ghosts", read, isCounter: false, isPromise: true });
}

function add(tracker: Tracker): void {
  // A world may track two things of one name, such as two lockdeps.
  trackers?.push({ ...tracker, name: `${trackers.length} ${tracker.name}` });
}
