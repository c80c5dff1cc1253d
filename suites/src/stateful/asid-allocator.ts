/**
 * How arm64 hands out address space identifiers (arch/arm64/mm/context.c), as Catalin Marinas' model asidalloc of kernel-tla has
 * it without CnP: CPUs that switch tasks for ever, and one thread that unmaps the page of each task, as try_to_unmap() does.
 * A task stands for its page table, of one page. Every label of the model is a step; what its procedures keep in variables is
 * state until they return, whether it is looked at again or not.
 */

import { defineScenario, forget, type Steps } from "@mmrace/scheduler";
import type { Program } from "../program.ts";
import {
  type Asid,
  type AsidSizes,
  AsidWorld,
  type Cpu,
  isSame,
  NONE,
  nothingStale,
  sameAsid,
  type Task,
} from "./asid-world.ts";
import { at, oneOf, passAt } from "./atomically.ts";

/** What the callers of a procedure keep in variables. */
type Kept = readonly unknown[];

function* schedule(world: AsidWorld, cpu: Cpu): Steps<void> {
  const { running } = cpu;
  for (;;) {
    yield* forget("sched_loop");
    const task = yield* oneOf([running], () =>
      world.tasks.map((next) => () => {
        if (next.id === running.value.task) return undefined;
        running.value = { ...running.value, isSwitching: true };
        return next;
      }),
    );
    if (task !== undefined) yield* switchTo(world, cpu, task);
  }
}

/** check_and_switch_context(). */
function* switchTo(world: AsidWorld, cpu: Cpu, task: Task): Steps<void> {
  const { generation } = world;
  const { running, active, tlb } = cpu;
  const { context, pte, id } = task;
  let [asid, old] = yield* at(
    "check_and_switch_context",
    [id],
    [context, active],
    () => [context.value, active.value] as const,
  );
  const isCurrent = yield* at(
    "check_current_generation",
    [id, asid, old],
    [generation],
    () => !isSame(old, NONE) && asid.generation === generation.value,
  );
  if (isCurrent) {
    const expected = old;
    old = yield* at("cmpxchg_active_asids", [id, asid, expected], [active], () => {
      const { value } = active;
      if (isSame(value, expected)) active.value = asid;
      return value;
    });
    yield* passAt("check_roll_over", [id, asid, old]);
  }
  if (!isCurrent || isSame(old, NONE)) asid = yield* switchSlowly(world, cpu, task, [asid, old]);
  yield* at("fast_path", [id, asid, old], [running, pte, context, tlb], () => {
    running.value = { task: id, asid: asid.number, isSwitching: false };
    // Hardware may load what it may use, at once.
    if (pte.value === "mapped") tlb.load(id, context.value.number);
  });
}

/** The part of check_and_switch_context() under the lock. @returns what the task has then. */
function* switchSlowly(world: AsidWorld, cpu: Cpu, task: Task, [before, old]: [Asid, Asid]): Steps<Asid> {
  const { lock, generation } = world;
  const { running, active, isFlushPending, handedOut, tlb } = cpu;
  const { context, id } = task;
  const found = yield* at(
    "slow_path",
    [id, before, old],
    [lock, context, generation],
    () => {
      lock.value = true;
      return { asid: context.value, isOld: context.value.generation !== generation.value };
    },
    () => !lock.value,
  );
  let { asid } = found;
  if (found.isOld) {
    yield* handOut(world, cpu, task, [asid, old]);
    asid = yield* at("ret_new_context", [id, asid, old], [handedOut, context], () => {
      context.value = handedOut.value;
      return handedOut.value;
    });
  }
  yield* at("tlb_flush_pending", [id, asid, old], [isFlushPending, running, tlb], () => {
    if (!isFlushPending.value) return;
    isFlushPending.value = false;
    tlb.keep((cached) => cached.task === running.value.task);
  });
  yield* at("set_active_asids", [id, asid, old], [active, lock], () => {
    active.value = asid;
    lock.value = false;
  });
  return asid;
}

/** new_context(): its result is in `handedOut`. */
function* handOut(world: AsidWorld, cpu: Cpu, task: Task, kept: Kept): Steps<void> {
  const { generation, taken, searchFrom } = world;
  const { handedOut, wasReserved } = cpu;
  const stack = [task.id, ...kept];
  const had = yield* at("new_context", stack, [task.context, generation], () => ({
    asid: task.context.value,
    generation: generation.value,
  }));
  let { asid } = had;
  const renewed = isSame(asid, NONE) ? undefined : { number: asid.number, generation: had.generation };
  let variables: Kept = [...stack, had, renewed];
  if (renewed !== undefined) {
    yield* renewReserved(world, cpu, asid, renewed, variables);
    const isKept = yield* at("ret_check_update_reserved_asid", variables, [wasReserved, handedOut], () => {
      if (wasReserved.value) handedOut.value = renewed;
      return wasReserved.value;
    });
    if (isKept) return;
    const wasTaken = yield* at("is it taken", variables, [taken, handedOut], () => {
      const old = taken.value[renewed.number]!;
      world.take(renewed.number);
      if (!old) handedOut.value = renewed;
      return old;
    });
    variables = [...variables, wasTaken];
    if (!wasTaken) return yield* passAt("new_context_return", variables);
  }
  let current = had.generation;
  let free = yield* at("new_context_allocate_free_asid", variables, [taken, searchFrom], () =>
    world.firstFree(searchFrom.value),
  );
  if (free === -1) {
    current = yield* at(
      "new_context_out_of_asids",
      variables,
      [generation],
      () => ++generation.value,
      () => generation.value < world.generationsMax,
    );
    yield* flushContext(world, [...variables, current]);
    free = yield* at("ret_flush_context", [...variables, current], [taken], () => world.firstFree(1));
  }
  asid = { ...asid, number: free };
  yield* at("set_asid", [...variables, current, asid], [taken, searchFrom, handedOut], () => {
    world.take(asid.number);
    searchFrom.value = asid.number;
    handedOut.value = { number: asid.number, generation: current };
  });
}

/** check_update_reserved_asid(): its result is in `wasReserved`. */
function* renewReserved({ cpus }: AsidWorld, self: Cpu, asid: Asid, renewed: Asid, kept: Kept): Steps<void> {
  const { wasReserved } = self;
  yield* at("check_update_reserved_asid", kept, [wasReserved], () => {
    wasReserved.value = false;
  });
  for (const [done, { reserved }] of cpus.entries())
    yield* at("check_update_reserved_asid_for_each_cpu", [...kept, done], [reserved, wasReserved], () => {
      if (!isSame(reserved.value, asid)) return;
      wasReserved.value = true;
      reserved.value = renewed;
    });
  yield* passAt("check_update_reserved_asid_return", kept);
}

/** flush_context(): what CPUs use now stays theirs. */
function* flushContext(world: AsidWorld, kept: Kept): Steps<void> {
  const { cpus, taken } = world;
  yield* at("flush_context", kept, [taken], () => {
    taken.value = taken.value.map(() => false);
  });
  let found: Asid | undefined;
  for (const [done, { active, reserved }] of cpus.entries()) {
    const running = yield* at("flush_context_for_each_cpu", [...kept, done, found], [active], () => {
      const { value } = active;
      active.value = NONE;
      return value;
    });
    found = yield* at("flush_context_asid0_check", [...kept, done, running], [reserved, taken], () => {
      if (isSame(running, NONE)) world.take(reserved.value.number);
      else {
        world.take(running.number);
        reserved.value = running;
      }
      return reserved.value;
    });
  }
  const [first, ...others] = cpus.map(({ isFlushPending }) => isFlushPending);
  yield* at("flush_context_return", [...kept, found], [first!, ...others], () => {
    for (const { isFlushPending } of cpus) isFlushPending.value = true;
  });
}

/** try_to_unmap() of one task after another. */
function* unmap({ tasks, cpus }: AsidWorld): Steps<void> {
  const [first, ...others] = cpus.map(({ tlb }) => tlb);
  for (;;) {
    yield* forget("ttu");
    const { id, pte, context } = yield* oneOf([tasks[0]!.pte], () => tasks.map((task) => () => task));
    yield* at("pte_clear", [id], [pte], () => {
      pte.value = "unmapped";
    });
    const asid = yield* at("read_asid", [id], [context], () => context.value.number);
    yield* at("tlbi", [id, asid], [first!, ...others], () => {
      for (const { tlb } of cpus) tlb.keep((cached) => cached.asid !== asid);
    });
    yield* at("after_tlbi", [id, asid], [pte], () => {
      pte.value = "invalidated";
    });
  }
}

/** Handing out identifiers until the generations are used up: the step that would begin one more waits for ever. */
export function asidAllocator(sizes: AsidSizes, expected: Program["expected"]): Program<AsidWorld> {
  const id = `ASID allocator(${sizes.cpus}, ${sizes.tasks})`;
  const cpus = Array.from({ length: sizes.cpus }, (_, at) => at);
  return {
    id,
    scenario: defineScenario({
      name: id,
      setup: () => new AsidWorld(sizes),
      threads: {
        ...Object.fromEntries(
          cpus.map((at) => [`p${at}`, (world: AsidWorld) => schedule(world, world.cpus[at]!)] as const),
        ),
        ttu: unmap,
      },
      properties: [sameAsid, nothingStale],
    }),
    finalState: ({ cpus: all }) => JSON.stringify(all.map(({ running }) => running.value)),
    expected,
  };
}
