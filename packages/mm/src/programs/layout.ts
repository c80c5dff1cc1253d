/** Builds the world that a program begins in. */

import { Cell, trackCounter } from "@mmrace/scheduler";
import { mkPoisonMarker, mkUffdWpMarker, PAGE_SIZE, pteWrprotect } from "@mmrace/x86-paging";
import type { KernelOps } from "../kernel.ts";
import type { AddressSpace } from "../state/address-space.ts";
import { pteIndex, USER_BASE } from "../state/geometry.ts";
import {
  cacheFolio,
  populateAnon,
  populateFile,
  populateHugeAnon,
  populateHugeFile,
  populateTable,
} from "../state/populate.ts";
import type { SecondaryMmu } from "../state/secondary-mmu.ts";
import { VM_READ, VM_SHARED, VM_UFFD_MODES, VM_WRITE, type Vma } from "../state/vma.ts";
import { World } from "../state/world.ts";
import { Process } from "../sys/process.ts";
import { areaOf } from "./areas.ts";
import { specOf } from "./call-specs.ts";
import { FEATURE_EVENT_REMAP, MAP_SHARED, PTE_MARKER_POISONED } from "./constants.ts";
import type { Call, Program } from "./program.ts";
import { uffdModesOf } from "./uffd-modes.ts";

/** The world of a program. */
export interface ProgramWorld extends World {
  readonly processes: readonly Process[];
  readonly programFiles: readonly AddressSpace[];
  /** The virtual machines of the processes that have one. */
  readonly machines: ReadonlyMap<Process, SecondaryMmu>;
  /** Threads of the program that have come to their ends. */
  readonly finished: Cell<number>;
}

/** The address of a page of the world. */
export function addressOf(page: number): number {
  return USER_BASE + page * PAGE_SIZE;
}

/** What needs a CPU that flushes reach: to empty its TLB, or to wait until its interrupts are on again. */
const USER_CODE: ReadonlySet<string> = new Set(["load", "store", "pin_user_pages_fast"]);

/** Makes the world of one execution. */
export function buildWorld(program: Program, kernel: KernelOps): ProgramWorld {
  const { geometry, files, processes: setups, threads } = program;
  const pins = threads.some(({ calls }) => calls.some(({ name }) => name === "pin_user_pages_fast"));
  const w = new World(kernel, geometry, pins ? { cpus: threads.length } : {});
  const programFiles: AddressSpace[] = [];
  for (const call of files) makeFile(w, programFiles, call);
  const processes = setups.map(({ setup }) => {
    const owner = new Process(w, w.createMm());
    for (const call of setup) setUp(w, owner, programFiles, call);
    return owner;
  });
  for (const [cpu, { owner, calls }] of threads.entries()) {
    const isUser = calls.some(({ name }) => USER_CODE.has(name));
    if (owner !== null && isUser) w.runOn(cpu, processes[owner]!.mm);
  }
  const finished = new Cell("threads_finished", 0);
  trackCounter("threads finished", () => finished.value);
  return Object.assign(w, { processes, programFiles, machines: machinesOf(w, program, processes), finished });
}

function machinesOf(
  w: World,
  { threads }: Program,
  processes: readonly Process[],
): ReadonlyMap<Process, SecondaryMmu> {
  const faults = threads.flatMap(({ calls }) => calls).filter(({ name }) => name === "kvm_page_fault");
  const wanted = new Set(faults.map(({ args }) => processes[args[0]!]!));
  return new Map([...wanted].map((owner) => [owner, w.attachSecondaryMmu(owner.mm)]));
}

function makeFile(w: World, files: AddressSpace[], { name, args }: Call): void {
  if (specOf(name).makes === "file") {
    files.push(w.createFile(`r${files.length}`, name === "memfd_create"));
    return;
  }
  const file = files[args[0]!]!;
  if (name === "page_cache_huge") cacheFolio(w, file, 0, true);
  else for (let page = 0; page < args[2]!; page++) cacheFolio(w, file, args[1]! + page);
}

/** A process that is being set up. */
interface SetUp {
  readonly w: World;
  readonly owner: Process;
  readonly files: readonly AddressSpace[];
}

function setUp(w: World, owner: Process, files: readonly AddressSpace[], call: Call): void {
  steps[call.name]?.({ w, owner, files }, call.args);
}

/** What each call of a set-up does. */
const steps: Readonly<Partial<Record<Call["name"], (at: SetUp, args: readonly number[]) => void>>> = {
  ioctl$UFFDIO_API: ({ owner }, [features]) => {
    owner.mm.userfaultfd.eventRemap = (features! & FEATURE_EVENT_REMAP) !== 0;
  },
  mmap: ({ w, owner, files }, args) => map(w, owner, files, { name: "mmap", args }),
  ioctl$UFFDIO_REGISTER: ({ owner }, [page, pages, modes]) => {
    for (const vma of owner.mm.vmas.value)
      if (vma.start < addressOf(page! + pages!) && vma.end > addressOf(page!)) register(vma, modes!);
  },
  page_table: ({ w, owner }, [page]) => {
    populateTable(w, vmaAt(owner, page!), addressOf(page!));
  },
  populate: ({ w, owner }, [page, pages]) => {
    for (let at = page!; at < page! + pages!; at++) populate(w, vmaAt(owner, at), at);
  },
  populate_huge: ({ w, owner }, [page]) => populateHuge(w, vmaAt(owner, page!), page!),
  pte_marker: ({ w, owner }, [page, marker]) => putMarker(w, vmaAt(owner, page!), page!, marker!),
};

function map(w: World, { mm }: Process, files: readonly AddressSpace[], call: Call): void {
  const { start, pages, prot, map: mapFlags, file, pgoff } = areaOf(call);
  const place = { start: addressOf(start), end: addressOf(start + pages) };
  const flags =
    ((prot & 1) === 0 ? 0 : VM_READ) |
    ((prot & 2) === 0 ? 0 : VM_WRITE) |
    ((mapFlags & MAP_SHARED) === 0 ? 0 : VM_SHARED);
  w.createVma(mm, file < 0 ? { ...place, file: null } : { ...place, file: files[file]!, pgoff }, flags);
}

function register(vma: Vma, modes: number): void {
  vma.flags.value = (vma.flags.value & ~VM_UFFD_MODES) | uffdModesOf(modes);
  vma.uffdCtx.value = vma.mm.userfaultfd;
}

function vmaAt({ mm }: Process, page: number): Vma {
  return mm.vmas.value.find((vma) => vma.covers(addressOf(page)))!;
}

function populate(w: World, vma: Vma, page: number): void {
  const address = addressOf(page);
  if (vma.file === null) {
    populateAnon(w, vma, address, page + 1);
    return;
  }
  populateFile(w, vma, address);
  const { values } = populateTable(w, vma, address).ptes;
  const index = pteIndex(address);
  if ((vma.flags.value & VM_WRITE) === 0) values[index] = pteWrprotect(values[index]!);
}

function populateHuge(w: World, vma: Vma, page: number): void {
  const address = addressOf(page);
  if (vma.file !== null) populateHugeFile(vma, address);
  else populateHugeAnon(w, vma, address);
  const slot = vma.mm.slotOf(address);
  if ((vma.flags.value & VM_WRITE) === 0) slot.value = pteWrprotect(slot.value);
  for (let at = 0; at < w.geometry.ptesPerTable; at++) w.uffd.account(vma.mm, address + at * PAGE_SIZE);
}

function putMarker(w: World, vma: Vma, page: number, marker: number): void {
  const address = addressOf(page);
  const isPoison = marker === PTE_MARKER_POISONED;
  populateTable(w, vma, address).ptes.values[pteIndex(address)] = isPoison
    ? mkPoisonMarker()
    : mkUffdWpMarker();
  w.uffd.promise(vma.mm, address, isPoison ? "poison" : "uffd-wp");
}
