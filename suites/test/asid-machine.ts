/** asidalloc of kernel-tla, written down again without any of our engine: places and variables as data. */

import type { AsidSizes } from "../src/stateful/asid-world.ts";

type Asid = readonly [number: number, generation: number];
const NONE: Asid = [0, 0];

const isSame = (a: Asid, b: Asid): boolean => a[0] === b[0] && a[1] === b[1];

/** All variables of the procedures of a CPU, in one order; those of a procedure that has returned are `null` again. */
interface Variables {
  task: number | null;
  asid: Asid | null;
  old: Asid | null;
  newTask: number | null;
  newAsid: Asid | null;
  renewed: Asid | null;
  generation: number | null;
  wasTaken: boolean | null;
  /** Of check_update_reserved_asid and flush_context: CPUs still to come, the one looked at, and what was found there. */
  left: readonly number[] | null;
  cpu: number | null;
  found: Asid | null;
}

const returned = { left: null, cpu: null, found: null };
const allReturned = { newTask: null, newAsid: null, renewed: null, generation: null, wasTaken: null };
const NOTHING: Variables = { task: null, asid: null, old: null, ...allReturned, ...returned };

interface Cpu {
  place: string;
  variables: Variables;
  tlb: readonly (readonly [task: number, asid: number])[];
  running: readonly [task: number, asid: number];
  active: Asid;
  reserved: Asid;
  isFlushPending: boolean;
  wasReserved: boolean;
  result: Asid;
}

/** CPUs and tasks by their numbers, from 0 on; -1 is no task. */
export interface State {
  isLocked: boolean;
  generation: number;
  from: number;
  taken: boolean[];
  cpus: Cpu[];
  tasks: { pte: number; context: Asid }[];
  unmapper: { place: number; task: number | null; asid: number | null };
}

function copy(state: State): State {
  return {
    ...state,
    taken: [...state.taken],
    cpus: state.cpus.map((cpu) => ({ ...cpu, variables: { ...cpu.variables } })),
    tasks: state.tasks.map((task) => ({ ...task })),
    unmapper: { ...state.unmapper },
  };
}

/** What a CPU does at a place; it says where it is then, or `undefined` where it has to wait. */
type Step = (state: State, me: Cpu, v: Variables) => string | undefined;

function beNext(v: Variables): Cpu["running"][0] {
  const [first, ...others] = v.left!;
  v.cpu = first!;
  v.left = others;
  return first!;
}

const switching: Readonly<Record<string, Step>> = {
  switch: (s, me, v) => {
    v.asid = s.tasks[v.task!]!.context;
    v.old = me.active;
    return "current?";
  },
  "current?": (s, _me, v) => (!isSame(v.old!, NONE) && v.asid![1] === s.generation ? "cmpxchg" : "slow"),
  cmpxchg: (_s, me, v) => {
    if (isSame(me.active, v.old!)) me.active = v.asid!;
    else v.old = me.active;
    return "rolled over?";
  },
  "rolled over?": (_s, _me, v) => (isSame(v.old!, NONE) ? "slow" : "fast"),
  slow: (s, _me, v) => {
    if (s.isLocked) return undefined;
    s.isLocked = true;
    v.asid = s.tasks[v.task!]!.context;
    if (v.asid[1] === s.generation) return "flush?";
    v.newTask = v.task;
    return "new";
  },
  "new: done": (s, me, v) => {
    v.asid = me.result;
    s.tasks[v.task!]!.context = me.result;
    return "flush?";
  },
  "flush?": (_s, me) => {
    if (me.isFlushPending) me.tlb = me.tlb.filter(([task]) => task === me.running[0]);
    me.isFlushPending = false;
    return "unlock";
  },
  unlock: (s, me, v) => {
    me.active = v.asid!;
    s.isLocked = false;
    return "fast";
  },
  fast: (s, me, v) => {
    const { pte, context } = s.tasks[v.task!]!;
    me.running = [v.task!, v.asid![0]];
    const isCached = me.tlb.some(([task, asid]) => task === v.task && asid === context[0]);
    if (pte === 0 && !isCached) me.tlb = [...me.tlb, [v.task!, context[0]]];
    Object.assign(v, { task: null, asid: null, old: null });
    return "loop";
  },
};

const handingOut: Readonly<Record<string, Step>> = {
  new: (s, _me, v) => {
    v.newAsid = s.tasks[v.newTask!]!.context;
    v.generation = s.generation;
    if (isSame(v.newAsid, NONE)) return "allocate";
    v.renewed = [v.newAsid[0], v.generation];
    return "check";
  },
  check: (s, me, v) => {
    me.wasReserved = false;
    v.left = s.cpus.map((_, cpu) => cpu);
    return "check each";
  },
  "check each": (s, me, v) => {
    if (v.left!.length === 0) {
      Object.assign(v, returned);
      return "check: done";
    }
    const cpu = s.cpus[beNext(v)]!;
    if (isSame(cpu.reserved, v.newAsid!)) {
      me.wasReserved = true;
      cpu.reserved = v.renewed!;
    }
    return "check each";
  },
  "check: done": (_s, me, v) => {
    if (!me.wasReserved) return "taken?";
    me.result = v.renewed!;
    Object.assign(v, allReturned);
    return "new: done";
  },
  "taken?": (s, me, v) => {
    v.wasTaken = s.taken[v.newAsid![0]]!;
    s.taken[v.newAsid![0]] = true;
    if (v.wasTaken) return "allocate";
    me.result = v.renewed!;
    return "return";
  },
  return: (_s, _me, v) => {
    Object.assign(v, allReturned);
    return "new: done";
  },
  allocate: (s, _me, v) => {
    const free = s.taken.findIndex((isTaken, asid) => asid >= s.from && !isTaken);
    if (free < 0) return "used up";
    v.newAsid = [free, v.newAsid![1]];
    return "set";
  },
  "used up": (s, _me, v) => {
    v.generation = ++s.generation;
    return "flush";
  },
  flush: (s, _me, v) => {
    s.taken.fill(false);
    v.left = s.cpus.map((_, cpu) => cpu);
    return "flush each";
  },
  "flush each": (s, _me, v) => {
    if (v.left!.length === 0) {
      for (const cpu of s.cpus) cpu.isFlushPending = true;
      Object.assign(v, returned);
      return "flush: done";
    }
    // A CPU is taken from those that are left by the next step only.
    v.cpu = v.left![0]!;
    v.found = s.cpus[v.cpu]!.active;
    s.cpus[v.cpu]!.active = NONE;
    return "none found?";
  },
  "none found?": (s, _me, v) => {
    const cpu = s.cpus[beNext(v)]!;
    if (isSame(v.found!, NONE)) v.found = cpu.reserved;
    s.taken[v.found![0]] = true;
    cpu.reserved = v.found!;
    return "flush each";
  },
  "flush: done": (s, _me, v) => {
    v.newAsid = [s.taken.indexOf(false, 1), v.newAsid![1]];
    return "set";
  },
  set: (s, me, v) => {
    const [number] = v.newAsid!;
    s.taken[number] = true;
    s.from = number;
    me.result = [number, v.generation!];
    Object.assign(v, allReturned);
    return "new: done";
  },
};

const steps = { ...switching, ...handingOut };

function afterCpu(state: State, at: number): State[] {
  const { place } = state.cpus[at]!;
  if (place === "loop")
    return state.tasks.map((_, task) => {
      const after = copy(state);
      const me = after.cpus[at]!;
      if (me.running[0] !== task) {
        me.place = "switch";
        me.variables.task = task;
      }
      return after;
    });
  const after = copy(state);
  const me = after.cpus[at]!;
  const next = steps[place]!(after, me, me.variables);
  if (next === undefined) return [];
  me.place = next;
  return [after];
}

function afterUnmapper(state: State): State[] {
  const after = copy(state);
  const { unmapper } = after;
  const { place, task } = unmapper;
  if (place === 0)
    return state.tasks.map((_, chosen) => ({ ...after, unmapper: { place: 1, task: chosen, asid: null } }));
  if (place === 1) after.tasks[task!]!.pte = 1;
  if (place === 2) unmapper.asid = after.tasks[task!]!.context[0];
  if (place === 3)
    for (const cpu of after.cpus) cpu.tlb = cpu.tlb.filter(([, asid]) => asid !== unmapper.asid);
  if (place === 4) {
    after.tasks[task!]!.pte = 2;
    after.unmapper = { place: 0, task: null, asid: null };
  } else unmapper.place++;
  return [after];
}

const IDLE: Cpu = {
  place: "loop",
  variables: NOTHING,
  tlb: [],
  running: [-1, 0],
  active: NONE,
  reserved: NONE,
  isFlushPending: false,
  wasReserved: false,
  result: NONE,
};

export function startOf({ cpus, tasks, asids }: AsidSizes): State {
  return {
    isLocked: false,
    generation: 1,
    from: 1,
    taken: Array<boolean>(asids).fill(false),
    cpus: Array.from({ length: cpus }, () => IDLE),
    tasks: Array.from({ length: tasks }, () => ({ pte: 0, context: NONE })),
    unmapper: { place: 0, task: null, asid: null },
  };
}

/** Where one step leads, by everyone who can take one. */
export function after(state: State): readonly State[] {
  return [...afterUnmapper(state), ...state.cpus.flatMap((_, at) => afterCpu(state, at))];
}
