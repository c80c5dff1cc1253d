/** State of the model asidalloc, and what must hold in it. */

import { always, Cell, trackGhosts } from "@mmrace/scheduler";

/** An identifier of hardware, beside the generation that it was handed out in. */
export interface Asid {
  readonly number: number;
  readonly generation: number;
}

/** Of a task that never had one, and of a CPU that has been asked to give its own back. */
export const NONE: Asid = { number: 0, generation: 0 };

export const isSame = (one: Asid, other: Asid): boolean =>
  one.number === other.number && one.generation === other.generation;

/** A task, or with it what a CPU has in its TLB. */
interface Translation {
  readonly task: number;
  readonly asid: number;
}

/** What a CPU has cached, in one order. */
class Tlb extends Cell<readonly Translation[]> {
  constructor(cpu: number) {
    super("tlb", [], { name: `tlb ${cpu}` });
  }

  load(task: number, asid: number): void {
    this.keep((cached) => cached.task !== task || cached.asid !== asid);
    this.value = [...this.value, { task, asid }].sort((a, b) => a.task - b.task || a.asid - b.asid);
  }

  keep(isKept: (cached: Translation) => boolean): void {
    this.value = this.value.filter(isKept);
  }
}

/** Task 0 is none. */
interface Running extends Translation {
  /** Ghost state: whether another task is being switched to. */
  readonly isSwitching: boolean;
}

export class Cpu {
  readonly tlb: Tlb;
  readonly running: Cell<Running>;
  readonly active: Cell<Asid>;
  readonly reserved: Cell<Asid>;
  readonly isFlushPending: Cell<boolean>;
  /** Results of procedures, which the model keeps after they have been used. */
  readonly wasReserved: Cell<boolean>;
  readonly handedOut: Cell<Asid>;

  constructor(cpu: number) {
    const cell = <T>(name: string, value: T): Cell<T> => new Cell(name, value, { name: `${name} ${cpu}` });
    this.tlb = new Tlb(cpu);
    this.running = cell<Running>("active_mm", { task: 0, asid: 0, isSwitching: false });
    this.active = cell("active_asids", NONE);
    this.reserved = cell("reserved_asids", NONE);
    this.isFlushPending = cell("tlb_flush_pending", false);
    this.wasReserved = cell("ret_check_update_reserved_asid", false);
    this.handedOut = cell("ret_new_context", NONE);
  }
}

type Pte = "mapped" | "unmapped" | "invalidated";

export class Task {
  readonly pte: Cell<Pte>;
  readonly context: Cell<Asid>;

  readonly id: number;

  constructor(id: number) {
    this.id = id;
    this.pte = new Cell<Pte>("pte", "mapped", { name: `pte ${id}` });
    this.context = new Cell("mm_context_id", NONE, { name: `mm_context_id ${id}` });
  }
}

/** How many there are of each; identifier 0 is reserved. */
export interface AsidSizes {
  readonly cpus: number;
  readonly tasks: number;
  readonly asids: number;
  readonly generations: number;
}

export class AsidWorld {
  readonly cpus: readonly Cpu[];
  readonly tasks: readonly Task[];
  readonly generationsMax: number;
  readonly lock = new Cell("cpu_asid_lock", false);
  readonly generation = new Cell("asid_generation", 1);
  readonly taken: Cell<readonly boolean[]>;
  readonly searchFrom = new Cell("cur_idx", 1);

  constructor({ cpus, tasks, asids, generations }: AsidSizes) {
    this.cpus = Array.from({ length: cpus }, (_, at) => new Cpu(at));
    this.tasks = Array.from({ length: tasks }, (_, at) => new Task(at + 1));
    this.taken = new Cell<readonly boolean[]>("asid_map", Array<boolean>(asids).fill(false));
    this.generationsMax = generations;
    // There are no ghosts but in shared objects.
    trackGhosts(() => undefined);
  }

  take(asid: number): void {
    this.taken.value = this.taken.value.map((isTaken, at) => isTaken || at === asid);
  }

  /** The least identifier that is free, from one on; -1 if none is. */
  firstFree(from: number): number {
    return this.taken.value.indexOf(false, from);
  }
}

/** A task has one identifier wherever it runs; none is taken from it while it does. */
export const sameAsid = always("a task that runs on two CPUs has one identifier", (world: AsidWorld) => {
  const running = world.cpus
    .map((cpu) => cpu.running.value)
    .filter(({ task, isSwitching }) => task !== 0 && !isSwitching);
  return running.every(({ task, asid }) =>
    running.every((other) => other.task !== task || other.asid === asid),
  );
});

/** What try_to_unmap() has flushed stays flushed. */
export const nothingStale = always(
  "no TLB has what was unmapped from a running task",
  ({ cpus, tasks }: AsidWorld) =>
    cpus.every(({ running }) => {
      const task = tasks.find(({ id }) => id === running.value.task);
      if (task?.pte.value !== "invalidated") return true;
      const asid = task.context.value.number;
      return cpus.every(({ tlb }) =>
        tlb.value.every((cached) => cached.task !== task.id || cached.asid !== asid),
      );
    }),
);
