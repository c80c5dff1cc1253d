/** Runs the calls of a program. What a call answers, an error too, is of no consequence: the program goes on. */

import { update, type Steps } from "@mmrace/scheduler";
import { PAGE_SIZE } from "@mmrace/x86-paging";
import type { Folio } from "../state/folio.ts";
import { secondaryFault } from "../state/secondary-mmu.ts";
import type { Advice, Process, Protection } from "../sys/process.ts";
import { askReferenced, shrinkFolioList } from "./activities.ts";
import { areaOf } from "./areas.ts";
import { ADVICE, MAP_FIXED_NOREPLACE, MAP_SHARED, MODE_MINOR, MODE_MISSING, MODE_WP } from "./constants.ts";
import { addressOf, type ProgramWorld } from "./layout.ts";
import type { Call, ProgramThread } from "./program.ts";

/** A thread under way. */
interface Running {
  readonly w: ProgramWorld;
  /** `undefined`: a kernel thread. */
  readonly owner: Process | undefined;
  /** What it has pinned. */
  readonly pinned: Folio[];
}

type Run = (running: Running, args: readonly number[]) => Steps<unknown>;

/** The body of a thread. @param countsEnd whether somebody waits for the ends of threads. */
export function* runThread(w: ProgramWorld, thread: ProgramThread, countsEnd: boolean): Steps<void> {
  const owner = thread.owner === null ? undefined : w.processes[thread.owner];
  const running: Running = { w, owner, pinned: [] };
  for (const call of thread.calls) yield* runCall(running, call);
  yield* unpinAll(running);
  if (countsEnd) yield* update(w.finished, (finished) => finished + 1);
}

function* runCall(running: Running, { name, args }: Call): Steps<void> {
  const run = runs[name];
  if (run !== undefined) yield* run(running, args);
}

function* unpinAll({ w, pinned }: Running): Steps<void> {
  for (const folio of pinned.splice(0)) yield* w.kernel.unpinUserPage(w, folio);
}

const ADVICES = new Map(Object.entries(ADVICE).map(([name, value]) => [value, name as Advice]));

const PROTECTIONS: Readonly<Record<number, Protection>> = {
  1: "PROT_READ",
  2: "PROT_WRITE",
  3: "PROT_READ|PROT_WRITE",
};

function* mmap({ w, owner }: Running, args: readonly number[]): Steps<unknown> {
  const { start, pages, prot, map, file, pgoff } = areaOf({ name: "mmap", args });
  const flags = { shared: (map & MAP_SHARED) !== 0, noreplace: (map & MAP_FIXED_NOREPLACE) !== 0 };
  const of = file < 0 ? null : w.programFiles[file]!;
  return yield* owner!.mmap(addressOf(start), pages * PAGE_SIZE, PROTECTIONS[prot]!, flags, of, pgoff);
}

function* register({ owner }: Running, [page, pages, modes]: readonly number[]): Steps<unknown> {
  const wanted = {
    missing: (modes! & MODE_MISSING) !== 0,
    wp: (modes! & MODE_WP) !== 0,
    minor: (modes! & MODE_MINOR) !== 0,
  };
  return yield* owner!.userfaultfd().register(addressOf(page!), wanted, pages! * PAGE_SIZE);
}

function* pin({ w, owner, pinned }: Running, [page, flags]: readonly number[]): Steps<void> {
  const folio = yield* w.kernel.gupFast(w, owner!.mm, addressOf(page!), { write: flags === 1, pin: true });
  if (folio !== null) pinned.push(folio);
}

/** A virtual machine faults, and finds the page under mmap_lock: hva_to_pfn_slow(). */
function* kvmFault(w: ProgramWorld, owner: Process, address: number): Steps<void> {
  yield* w.kernel.mmapReadLock(w, owner.mm);
  const vma = yield* w.kernel.findVma(w, owner.mm, address);
  if (vma !== null) yield* secondaryFault(w, w.machines.get(owner)!, address);
  yield* w.kernel.mmapReadUnlock(w, owner.mm);
}

/** What each call does, of those that threads make. */
const runs: Readonly<Partial<Record<Call["name"], Run>>> = {
  mmap,
  munmap: ({ owner }, [page, pages]) => owner!.munmap(addressOf(page!), pages! * PAGE_SIZE),
  mremap: ({ owner }, [page, pages, to]) =>
    owner!.mremap(addressOf(page!), pages! * PAGE_SIZE, addressOf(to!)),
  madvise: ({ owner }, [page, pages, advice]) =>
    owner!.madvise(addressOf(page!), pages! * PAGE_SIZE, ADVICES.get(advice!)!),
  ioctl$UFFDIO_REGISTER: register,
  ioctl$UFFDIO_UNREGISTER: ({ owner }, [page, pages]) =>
    owner!.userfaultfd().unregister(addressOf(page!), pages! * PAGE_SIZE),
  ioctl$UFFDIO_COPY: ({ owner }, [page]) => owner!.userfaultfd().copy(addressOf(page!)),
  ioctl$UFFDIO_ZEROPAGE: ({ owner }, [page]) => owner!.userfaultfd().zeropage(addressOf(page!)),
  ioctl$UFFDIO_CONTINUE: ({ owner }, [page]) => owner!.userfaultfd().continue(addressOf(page!)),
  ioctl$UFFDIO_POISON: ({ owner }, [page]) => owner!.userfaultfd().poison(addressOf(page!)),
  ioctl$UFFDIO_WRITEPROTECT: ({ owner }, [page, pages, mode]) =>
    owner!.userfaultfd().writeprotect(addressOf(page!), pages! * PAGE_SIZE, mode === 1),
  ioctl$UFFDIO_MOVE: ({ owner }, [dst, src, pages]) =>
    owner!.userfaultfd().move(addressOf(dst!), addressOf(src!), pages! * PAGE_SIZE),
  ioctl$UFFDIO_WAKE: ({ owner }) => owner!.userfaultfd().wake(),
  ftruncate: ({ w }, [file, size]) => w.kernel.truncate(w, w.programFiles[file!]!, size!),
  fallocate: ({ w }, [file, , index, pages]) =>
    w.kernel.punchHole(w, w.programFiles[file!]!, index!, index! + pages!),
  load: ({ owner }, [page]) => owner!.load(addressOf(page!)),
  store: ({ owner }, [page, value]) => owner!.store(addressOf(page!), value!),
  pin_user_pages_fast: pin,
  unpin_user_pages: unpinAll,
  exit_group: ({ w, owner }) => w.kernel.mmput(w, owner!.mm),
  khugepaged_scan_mm_slot: ({ w }, [owner]) => w.kernel.khugepagedScanMmSlot(w, w.processes[owner!]!.mm),
  hpage_collapse_scan_file: ({ w }, [file]) => w.kernel.hpageCollapseScanFile(w, w.programFiles[file!]!),
  shrink_folio_list: ({ w }, [file, index]) => shrinkFolioList(w, w.programFiles[file!]!, index!),
  folio_referenced: ({ w }, [file, index]) => askReferenced(w, w.programFiles[file!]!, index!),
  kvm_page_fault: ({ w }, [owner, page]) => kvmFault(w, w.processes[owner!]!, addressOf(page!)),
};
