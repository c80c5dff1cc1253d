/** Litmus tests as scenarios: a model thread per column, a cell per location, registers as ghost state. */

import {
  Cell,
  cmpxchg,
  defineScenario,
  readOnce,
  smpMb,
  update,
  UsageError,
  writeOnce,
  xchg,
  type Scenario,
  type Steps,
} from "@mmrace/scheduler";
import { isMemory, type Instruction, type Operand } from "./instruction.ts";
import { keyOf, type LitmusTest } from "./parse.ts";
import type { Place } from "./condition.ts";
import { fit, type Value } from "./value.ts";

/** What the threads of a test share, and their registers. */
export class Machine {
  readonly cells: ReadonlyMap<string, Cell<Value>>;
  /** By thread, then by the one name of each register. */
  readonly registers: readonly Map<string, Value>[];

  constructor(test: LitmusTest) {
    const values = new Map(test.initial.map(([place, value]) => [keyOf(place), value]));
    this.cells = new Map(
      locationsOf(test).map((name) => [
        name,
        new Cell<Value>(name, values.get(name) ?? 0n, { show: String }),
      ]),
    );
    this.registers = test.threads.map(() => new Map<string, Value>());
    for (const [place, value] of test.initial) {
      if (place.kind === "register") this.registers[place.thread]!.set(place.name, value);
    }
  }

  /** The value of a place. */
  look(place: Place): Value {
    if (place.kind === "location") return this.cells.get(place.name)?.value ?? 0n;
    return this.registers[place.thread]!.get(place.name) ?? 0n;
  }

  /** All of memory and all registers as text: what tells final states apart. */
  toString(): string {
    const memory = [...this.cells].map(([name, { value }]) => `[${name}]=${value}`);
    const registers = this.registers.flatMap((bank, thread) =>
      [...bank].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${thread}:${name}=${value}`),
    );
    return [...memory, ...registers].join("; ");
  }
}

/** The test as a scenario without properties. */
export function scenarioOf(test: LitmusTest, onSetup: (machine: Machine) => void): Scenario<Machine> {
  const body = (thread: number, instructions: readonly Instruction[]) =>
    function* (machine: Machine): Steps<void> {
      for (const instruction of instructions) yield* execute(machine, thread, instruction);
    };
  return defineScenario<Machine>({
    name: test.name,
    setup: () => {
      const machine = new Machine(test);
      onSetup(machine);
      return machine;
    },
    threads: Object.fromEntries(test.threads.map((instructions, at) => [`P${at}`, body(at, instructions)])),
    properties: [],
  });
}

/** Every location that the test names, in the order of its text. */
function locationsOf({ initial, threads, shown }: LitmusTest): readonly string[] {
  const names = new Set<string>();
  for (const [place, value] of initial) {
    if (place.kind === "location") names.add(place.name);
    if (typeof value === "string") names.add(value);
  }
  for (const { source, destination } of threads.flat()) {
    for (const operand of [source, destination]) {
      if (operand?.kind === "location") names.add(operand.name);
      if (operand?.kind === "immediate" && typeof operand.value === "string") names.add(operand.value);
    }
  }
  for (const place of shown) if (place.kind === "location") names.add(place.name);
  return [...names];
}

/** One instruction. An access to memory is a step; so is a full fence. */
function* execute(machine: Machine, thread: number, instruction: Instruction): Steps<void> {
  const core = new Core(machine, thread, instruction);
  const { mnemonic, source, destination } = instruction;
  if (mnemonic === "mfence") yield* smpMb();
  else if (mnemonic === "mov") yield* core.put(destination!, yield* core.get(source!));
  else if (mnemonic === "xchg") yield* exchange(core, source!, destination!);
  else if (mnemonic === "cmpxchg") yield* compareExchange(core, source!, destination!);
  else if (destination !== undefined) yield* modify(core, source, destination);
  // What is left does nothing here: x86 keeps stores in order, and loads, by itself.
}

/** What one instruction sees of its thread and of memory. */
class Core {
  readonly instruction: Instruction;
  /** The thread's registers. */
  readonly bank: Map<string, Value>;
  readonly #machine: Machine;
  readonly #thread: number;

  constructor(machine: Machine, thread: number, instruction: Instruction) {
    this.instruction = instruction;
    this.bank = machine.registers[thread]!;
    this.#machine = machine;
    this.#thread = thread;
  }

  /** The cell of a memory operand. @throws {UsageError} when a register holds no address. */
  cell(operand: Operand): Cell<Value> {
    const name = operand.kind === "pointer" ? this.bank.get(operand.register) : (operand as Named).name;
    const cell = typeof name === "string" ? this.#machine.cells.get(name) : undefined;
    if (cell !== undefined) return cell;
    const register = operand.kind === "pointer" ? operand.register : "";
    throw new UsageError(
      `P${this.#thread} uses ${register} as an address, but it holds ${name ?? 0n}. Give it one, as in ` +
        `{ ${this.#thread}:${register}=x; }.`,
    );
  }

  *get(operand: Operand): Steps<Value> {
    const { width } = this.instruction;
    if (operand.kind === "immediate") return fit(operand.value, width);
    if (operand.kind === "register") return fit(this.bank.get(operand.name) ?? 0n, width);
    return fit(yield* readOnce(this.cell(operand)), width);
  }

  *put(operand: Operand, value: Value): Steps<void> {
    const fitting = fit(value, this.instruction.width);
    if (operand.kind === "register") this.bank.set(operand.name, fitting);
    else yield* writeOnce(this.cell(operand), fitting);
  }
}

interface Named {
  readonly name: string;
}

/** With memory it is locked, with or without the prefix. */
function* exchange(core: Core, source: Operand, destination: Operand): Steps<void> {
  const [first, register] = isMemory(source) ? [source, destination] : [destination, source];
  const value = yield* core.get(register);
  if (isMemory(first)) return yield* core.put(register, yield* xchg(core.cell(first), value));
  const other = yield* core.get(first);
  yield* core.put(first, value);
  yield* core.put(register, other);
}

/** Compares with rax: equal, the destination gets the source; else rax gets the destination. */
function* compareExchange(core: Core, source: Operand, destination: Operand): Steps<void> {
  const { isLocked, width } = core.instruction;
  const expected = fit(core.bank.get("rax") ?? 0n, width);
  const desired = yield* core.get(source);
  const isAtomic = isLocked && isMemory(destination);
  const old = isAtomic
    ? yield* cmpxchg(core.cell(destination), expected, desired)
    : yield* core.get(destination);
  if (old !== expected) core.bank.set("rax", old);
  else if (!isAtomic) yield* core.put(destination, desired);
}

/** Arithmetic. Without the prefix, reading and writing memory are two steps. */
function* modify(core: Core, source: Operand | undefined, destination: Operand): Steps<void> {
  const { mnemonic, isLocked, width } = core.instruction;
  const operand = source === undefined ? 0n : yield* core.get(source);
  const change = (old: Value): Value => fit(changed(mnemonic, fit(old, width), operand), width);
  let old: Value;
  if (isLocked) old = yield* update(core.cell(destination), change);
  else yield* core.put(destination, change((old = yield* core.get(destination))));
  if (mnemonic === "xadd") yield* core.put(source!, old);
}

function changed(mnemonic: string, old: Value, operand: Value): Value {
  if (typeof old !== "bigint" || typeof operand !== "bigint")
    throw new UsageError(`${mnemonic} of an address is not known; ${old} and ${operand} must be numbers.`);
  switch (mnemonic) {
    case "add":
    case "xadd":
      return old + operand;
    case "sub":
      return old - operand;
    case "and":
      return old & operand;
    case "or":
      return old | operand;
    case "xor":
      return old ^ operand;
    case "inc":
      return old + 1n;
    case "dec":
      return old - 1n;
    case "neg":
      return -old;
    default:
      return ~old;
  }
}
