/**
 * The abstract machine of the x86-TSO papers, written down again without any of our engine: a breadth-first search over
 * states that are plain data. What it says of a litmus test is compared with what the engine says.
 */

import type { Instruction, LitmusTest, Operand } from "@mmrace/litmus";

interface State {
  readonly memory: Readonly<Record<string, bigint>>;
  /** Oldest first. */
  readonly buffers: readonly (readonly (readonly [string, bigint])[])[];
  readonly counters: readonly number[];
  readonly registers: readonly Readonly<Record<string, bigint>>[];
}

/** Every final state, as `Machine.toString` writes it. */
export function finalStatesOf(test: LitmusTest, memory: "sc" | "tso"): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { source, destination } of test.threads.flat())
    for (const operand of [source, destination]) if (operand?.kind === "location") names.add(operand.name);
  const start: State = {
    memory: Object.fromEntries([...names].map((name) => [name, 0n])),
    buffers: test.threads.map(() => []),
    counters: test.threads.map(() => 0),
    registers: test.threads.map(() => ({})),
  };
  const seen = new Set<string>();
  const final = new Set<string>();
  const queue = [start];
  for (const state of queue) {
    const next = test.threads.flatMap((code, thread) => [
      ...execute(state, thread, code[state.counters[thread]!], memory),
      ...drain(state, thread),
    ]);
    if (next.length === 0) final.add(show(state));
    for (const one of next) {
      const key = JSON.stringify(one, (_key, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      );
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(one);
    }
  }
  return final;
}

function execute(
  state: State,
  thread: number,
  instruction: Instruction | undefined,
  model: "sc" | "tso",
): readonly State[] {
  if (instruction === undefined) return [];
  const counted = { ...state, counters: state.counters.map((at, id) => (id === thread ? at + 1 : at)) };
  const { mnemonic, source, destination } = instruction;
  const isEmpty = state.buffers[thread]!.length === 0;
  if (mnemonic === "mfence") return isEmpty ? [counted] : [];
  const value = (operand: Operand): bigint => {
    if (operand.kind === "immediate") return operand.value as bigint;
    if (operand.kind === "register") return state.registers[thread]![operand.name] ?? 0n;
    const name = (operand as { name: string }).name;
    return state.buffers[thread]!.findLast(([to]) => to === name)?.[1] ?? state.memory[name]!;
  };
  const setRegister = (from: State, name: string, to: bigint): State => ({
    ...from,
    registers: from.registers.map((bank, id) => (id === thread ? { ...bank, [name]: to } : bank)),
  });
  if (mnemonic === "xchg") {
    if (!isEmpty) return [];
    const [register, name] = [(source as { name: string }).name, (destination as { name: string }).name];
    const swapped = { ...counted, memory: { ...state.memory, [name]: value(source!) } };
    return [setRegister(swapped, register, state.memory[name]!)];
  }
  if (destination!.kind === "register") return [setRegister(counted, destination!.name, value(source!))];
  const name = (destination as { name: string }).name;
  if (model === "sc") return [{ ...counted, memory: { ...state.memory, [name]: value(source!) } }];
  const entry = [name, value(source!)] as const;
  return [{ ...counted, buffers: state.buffers.map((own, id) => (id === thread ? [...own, entry] : own)) }];
}

function drain(state: State, thread: number): readonly State[] {
  const [oldest, ...rest] = state.buffers[thread]!;
  if (oldest === undefined) return [];
  return [
    {
      ...state,
      memory: { ...state.memory, [oldest[0]]: oldest[1] },
      buffers: state.buffers.map((own, id) => (id === thread ? rest : own)),
    },
  ];
}

function show({ memory, registers }: State): string {
  const cells = Object.entries(memory).map(([name, value]) => `[${name}]=${value}`);
  const values = registers.flatMap((bank, thread) =>
    Object.entries(bank)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${thread}:${name}=${value}`),
  );
  return [...cells, ...values].join("; ");
}
