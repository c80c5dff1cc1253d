/** Calls and arrangements of a scenario as C. */

import type { UserArea, Arrangement, UserCall, UserPlace, UserModes, Userspace } from "@mmrace/mm";
import { UsageError } from "@mmrace/scheduler";

/** A statement of C, without its place in the program. */
interface Statement {
  /** What a message calls it. */
  readonly what: string;
  /** An expression that is -1, with errno, if it failed. */
  readonly expression: string;
}

const MODE_FLAGS = {
  missing: "UFFDIO_REGISTER_MODE_MISSING",
  wp: "UFFDIO_REGISTER_MODE_WP",
  minor: "4 /* UFFDIO_REGISTER_MODE_MINOR */",
};

/** The expressions of one program. */
export class CallWriter {
  readonly #userspace: Userspace;

  constructor(userspace: Userspace) {
    this.#userspace = userspace;
  }

  /** A call in the race, which may be refused. */
  inRace(call: UserCall): string {
    if (call.call === "exit") return "_exit(0);";
    const { what, expression } = this.#statement(call);
    return `tried("${what}", ${expression});`;
  }

  /** A step of a set-up, which must succeed. */
  inSetup(step: UserCall | Arrangement): string {
    if ("arrange" in step) return this.#arrange(step);
    const { what, expression } = this.#statement(step);
    return `must("${what}", ${expression});`;
  }

  area(name: string): UserArea {
    const area = this.#userspace.areas[name];
    if (area === undefined) throw new UsageError(`The scenario's user space has no area "${name}".`);
    return area;
  }

  lengthOf(name: string): string {
    const { pages = 512 } = this.area(name);
    return pages % 512 === 0 ? (pages === 512 ? "SLOT" : `${pages / 512} * SLOT`) : `${pages} * PAGE`;
  }

  protectionOf(name: string): string {
    const { protection = "rw" } = this.area(name);
    return { r: "PROT_READ", rw: "PROT_READ | PROT_WRITE", rwx: "PROT_READ | PROT_WRITE | PROT_EXEC" }[
      protection
    ];
  }

  #place({ area, page }: UserPlace): string {
    const { pages = 512 } = this.area(area);
    if (page >= pages) throw new UsageError(`Page ${page} is not in the area "${area}" of ${pages} pages.`);
    return page === 0 ? area : `${area} + ${page} * PAGE`;
  }

  #statement(call: UserCall): Statement {
    switch (call.call) {
      case "load":
        return { what: "a load", expression: `load(${this.#place(call.at)})` };
      case "store":
        return { what: "a store", expression: `store(${this.#place(call.at)}, ${call.value})` };
      case "madvise":
        return this.#madvise(call);
      case "munmap":
        return { what: "munmap", expression: `munmap(${call.area}, ${this.lengthOf(call.area)})` };
      case "mremap": {
        const { area, to } = call;
        return { what: "mremap", expression: `move_area(${area}, ${this.lengthOf(area)}, ${to})` };
      }
      case "mlock":
        return { what: "mlock2", expression: `lock_area(${call.area}, ${this.lengthOf(call.area)})` };
      case "mincore":
        return { what: "mincore", expression: `look_into_cache(${this.#place(call.at)})` };
      case "ftruncate":
        return { what: "ftruncate", expression: `ftruncate(${call.file}, 0)` };
      case "punch":
        return {
          what: "fallocate(FALLOC_FL_PUNCH_HOLE)",
          expression: `punch_page(${call.file}, ${call.page})`,
        };
      case "exit":
        throw new UsageError("A set-up cannot end its process.");
      case "register":
      case "copy":
      case "zeropage":
      case "continue":
      case "poison":
      case "writeprotect":
      case "move":
        return this.#userfaultfd(call);
      case "vmsplice":
      case "drain":
      case "direct-read":
      case "idle-walk":
      case "migrate":
      case "guest-load":
        return this.#reference(call);
    }
  }

  #userfaultfd(call: UserfaultfdCall): Statement {
    switch (call.call) {
      case "register": {
        const { area, modes } = call;
        const expression = `uffd_register(${area}, ${this.lengthOf(area)}, ${modeFlags(modes)})`;
        return { what: "UFFDIO_REGISTER", expression };
      }
      case "copy":
      case "zeropage":
      case "continue":
      case "poison":
        return {
          what: `UFFDIO_${call.call.toUpperCase()}`,
          expression: `uffd_${call.call}(${this.#place(call.at)})`,
        };
      case "writeprotect":
        return {
          what: "UFFDIO_WRITEPROTECT",
          expression: `uffd_protect(${this.#place(call.at)}, ${call.on ? 1 : 0})`,
        };
      case "move":
        return {
          what: "UFFDIO_MOVE",
          expression: `uffd_move(${this.#place(call.to)}, ${this.#place(call.from)})`,
        };
    }
  }

  #reference(call: ReferenceCall): Statement {
    switch (call.call) {
      case "vmsplice":
        return { what: "vmsplice", expression: `refer(${this.#place(call.at)})` };
      case "drain":
        return { what: "read from the pipe", expression: "drain_pipe()" };
      case "direct-read":
        return { what: "a direct read", expression: `direct_read(${this.#place(call.at)})` };
      case "idle-walk":
        return { what: "a write to page_idle/bitmap", expression: "walk_as_idle()" };
      case "migrate":
        return { what: "move_pages", expression: `migrate(${this.#place(call.at)})` };
      case "guest-load":
        return { what: "KVM_RUN", expression: `guest_load(${call.at.page})` };
    }
  }

  #madvise({ advice, at, pages }: Extract<UserCall, { call: "madvise" }>): Statement {
    const length = pages === "all" ? this.lengthOf(at.area) : pages === 1 ? "PAGE" : `${pages} * PAGE`;
    const what = `madvise(${advice})`;
    if (advice === "MADV_COLLAPSE")
      return { what, expression: `collapse_area(${this.#place(at)}, ${length})` };
    return { what, expression: `madvise(${this.#place(at)}, ${length}, ${advice})` };
  }

  #arrange(step: Arrangement): string {
    switch (step.arrange) {
      case "empty-table":
        return this.#emptyTable(step.area, step.anonVma === true);
      case "pieces":
        return `map_pieces(${step.area}, ${step.pages}, ${this.protectionOf(step.area)});`;
      case "only":
        return `map_only(${step.at.area}, ${step.at.page});`;
      case "huge-page":
        return `make_huge_page(${step.area});`;
      case "large-folio":
        return `make_large_folio(${step.area}, ${this.lengthOf(step.area)});`;
      case "swapped":
        return `swap_out(${this.#place(step.at)});`;
      case "forked":
        return "fork_and_end();";
      case "guest":
        return `make_guest(${step.area});`;
      case "frame":
        return `find_frame(${this.#place(step.at)});`;
    }
  }

  #emptyTable(name: string, anonVma: boolean): string {
    const { file } = this.area(name);
    if (file === undefined) return `empty_anonymous_table(${name}, ${anonVma ? 1 : 0});`;
    const isPlain = this.#userspace.files?.[file]?.kind === "plain";
    return isPlain ? `empty_plain_table(${name}, ${file});` : `empty_file_table(${name});`;
  }
}

type UserfaultfdCall = Exclude<UserCall, { readonly call: Plain | ReferenceCall["call"] }>;

type ReferenceCall = Extract<
  UserCall,
  { readonly call: "vmsplice" | "direct-read" | "idle-walk" | "migrate" | "guest-load" | "drain" }
>;

type Plain =
  | "load"
  | "store"
  | "madvise"
  | "munmap"
  | "mremap"
  | "mlock"
  | "mincore"
  | "ftruncate"
  | "punch"
  | "exit";

function modeFlags(modes: UserModes): string {
  return modes.map((mode) => MODE_FLAGS[mode]).join(" | ");
}
