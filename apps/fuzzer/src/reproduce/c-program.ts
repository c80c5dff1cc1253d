/** Writes the C program of a scenario: each model thread as system calls. */

import type { Userspace, UserThread } from "@mmrace/mm";
import { UsageError } from "@mmrace/scheduler";
import { CallWriter } from "./c-calls.ts";
import { coreHelpers } from "./c-core.ts";
import { fileHelpers } from "./c-files.ts";
import { helpersFor, type Helper } from "./c-helper.ts";
import { wrapped } from "./wrapped.ts";
import { memoryHelpers } from "./c-memory.ts";
import { referenceHelpers } from "./c-references.ts";
import { userfaultfdHelpers } from "./c-userfaultfd.ts";
import { callsOf } from "./releases.ts";

/** All pieces, each before those that use it. */
export const allHelpers: readonly Helper[] = [
  ...coreHelpers,
  ...memoryHelpers,
  ...fileHelpers,
  ...userfaultfdHelpers,
  ...referenceHelpers,
];

const CONSTANTS: readonly (readonly [name: string, value: string])[] = [
  ["MAP_FIXED_NOREPLACE", "0x100000"],
  ["MADV_PAGEOUT", "21"],
  ["MADV_COLLAPSE", "25"],
  ["MADV_GUARD_INSTALL", "102"],
];

const BASICS = ["errno.h", "signal.h", "stdio.h", "stdlib.h", "string.h", "sys/mman.h", "unistd.h"];

const NAMESPACE = "mmr-";

/** The name that a thread has in the kernel, `current->comm`: at most 15 characters. */
export function commOf(thread: string): string {
  return `${NAMESPACE}${thread}`.slice(0, 15);
}

/** A thread of a scenario, as the program needs it. */
export interface ProgramThread {
  readonly name: string;
  readonly cpu: number;
}

/**
 * The program.
 *
 * @param threads the scenario's threads in their order, with the processor of each.
 * @param head lines of its first comment.
 * @throws {UsageError} when the description of user space contradicts itself.
 */
export function cProgram(
  userspace: Userspace,
  threads: readonly ProgramThread[],
  head: readonly string[],
): string {
  const body = new Body(userspace, threads).text();
  const helpers = helpersFor(body, allHelpers);
  const code = helpers.map((helper) => helper.code).join("\n\n");
  const includes = [...new Set([...BASICS, ...helpers.flatMap((one) => one.includes)])].toSorted();
  const constants = CONSTANTS.filter(([name]) => `${code}\n${body}`.includes(name)).map(
    ([name, value]) => `#ifndef ${name}\n#define ${name} ${value}\n#endif`,
  );
  return `${[
    commentOf(head),
    ["#define _GNU_SOURCE", ...includes.map((name) => `#include <${name}>`)].join("\n"),
    ...constants,
    `#define PAGE 4096UL\n#define SLOT (512 * PAGE)\n#define BASE 0x100000000000UL\n#define THREADS ${threads.length}`,
    "static unsigned int start_wait_us[THREADS];",
    code,
    body,
  ].join("\n\n")}\n`;
}

function commentOf(lines: readonly string[]): string {
  const safe = lines.map((line) => ` * ${line.replaceAll("*/", "* /")}`.trimEnd());
  return ["/*", ...safe, " */"].join("\n");
}

function block(head: string, lines: readonly string[]): string {
  return [head, "{", ...lines.map((line) => `\t${line}`), "}"].join("\n");
}

/** What is of this program alone. */
class Body {
  readonly #userspace: Userspace;
  readonly #calls: CallWriter;
  readonly #kinds: ReadonlySet<string>;
  readonly #threads: readonly ProgramThread[];

  constructor(userspace: Userspace, threads: readonly ProgramThread[]) {
    this.#userspace = userspace;
    this.#threads = threads;
    this.#calls = new CallWriter(userspace);
    this.#kinds = new Set(callsOf(userspace).map((step) => ("arrange" in step ? step.arrange : step.call)));
  }

  text(): string {
    return [
      this.#variables(),
      ...(this.#files.length > 0 ? [this.#makeFiles()] : []),
      ...["main", ...this.#processes].map((owner) => this.#setup(owner)),
      ...this.#threads.map((thread, number) => this.#thread(thread, number)),
      ...this.#processes.map((owner) => this.#owner(owner)),
      this.#round(),
      this.#probe(),
      this.#main(),
    ].join("\n\n");
  }

  get #files(): readonly string[] {
    return Object.keys(this.#userspace.files ?? {});
  }

  get #processes(): readonly string[] {
    return Object.keys(this.#userspace.processes ?? {});
  }

  get #usesUffd(): boolean {
    return ["register", "copy", "zeropage", "continue", "poison", "writeprotect", "move"].some((kind) =>
      this.#kinds.has(kind),
    );
  }

  #threadsOf(owner: string): readonly string[] {
    return this.#threads
      .map(({ name }) => name)
      .filter((name) => (this.#user(name).process ?? "main") === owner);
  }

  #areasOf(owner: string): readonly string[] {
    return Object.entries(this.#userspace.areas)
      .filter(([, area]) => (area.process ?? "main") === owner)
      .map(([name]) => name);
  }

  #variables(): string {
    const areas = Object.entries(this.#userspace.areas).map(
      ([name, { slot }]) =>
        `static char *const ${name} = (char *)(BASE${slot === 0 ? "" : ` + ${slot} * SLOT`});`,
    );
    return [...areas, ...this.#files.map((name) => `static int ${name} = -1;`)].join("\n");
  }

  #makeFiles(): string {
    const lines = this.#files.flatMap((name) => {
      const { kind = "memfd", cached = 0 } = this.#userspace.files![name]!;
      if (kind === "plain") return [`${name} = make_plain_file();`];
      const pages = typeof cached === "number" ? cached : 512;
      return [`${name} = make_memfd(${pages});`, ...(cached === "huge" ? [`make_cache_huge(${name});`] : [])];
    });
    return block("static void make_files(void)", lines);
  }

  #setup(owner: string): string {
    const steps = owner === "main" ? this.#userspace.setup : this.#userspace.processes?.[owner]?.setup;
    const collapsed = this.#threadsOf(owner).flatMap((thread) =>
      this.#userspace.threads[thread]!.does.flatMap((call) =>
        call.call === "madvise" && call.advice === "MADV_COLLAPSE" ? [call.at.area] : [],
      ),
    );
    return block(`static void set_up_${owner}(void)`, [
      ...this.#areasOf(owner).flatMap((name) => this.#map(name)),
      ...(owner === "main" && this.#kinds.has("direct-read") ? ["open_direct();"] : []),
      ...(owner === "main" && this.#kinds.has("vmsplice") ? ["open_pipe();"] : []),
      ...(steps ?? []).map((step) => this.#calls.inSetup(step)),
      ...[...new Set(collapsed)].map((name) => `allow_huge(${name}, ${this.#calls.lengthOf(name)});`),
    ]);
  }

  #map(name: string): readonly string[] {
    const { file, shared = false, isReserved = false } = this.#calls.area(name);
    if (isReserved) return [];
    const flags = shared ? "MAP_SHARED" : file === undefined ? "MAP_PRIVATE | MAP_ANONYMOUS" : "MAP_PRIVATE";
    const [length, protection] = [this.#calls.lengthOf(name), this.#calls.protectionOf(name)];
    return [`map_area(${name}, ${length}, ${protection}, ${flags}, ${file ?? "-1"});`];
  }

  #thread({ name, cpu }: ProgramThread, number: number): string {
    const { does, provokes } = this.#user(name);
    const endsItself = does.at(-1)?.call === "exit";
    const text = block(`static void *thread_${name}(void *unused)`, [
      "(void)unused;",
      `begin("${commOf(name)}", ${number}, ${cpu});`,
      ...does.map((call) => this.#calls.inRace(call)),
      ...(endsItself ? [] : ["return NULL;"]),
    ]);
    return provokes === undefined ? text : `${commentOf(wrapped(`Stands for ${provokes}.`, 100))}\n${text}`;
  }

  #user(name: string): UserThread {
    const thread = this.#userspace.threads[name];
    if (thread === undefined)
      throw new UsageError(`The scenario's user space does not say what its thread "${name}" does.`);
    return thread;
  }

  #owner(owner: string): string {
    const threads = this.#threadsOf(owner);
    if (threads.length !== 1)
      throw new UsageError(
        `The process "${owner}" of the scenario's user space must have one thread, not ${threads.length}.`,
      );
    return block(`static void run_${owner}(void)`, [`set_up_${owner}();`, `thread_${threads[0]!}(NULL);`]);
  }

  #round(): string {
    const inherits = (owner: string): boolean => this.#userspace.processes![owner]!.inherits === true;
    const fork = (owner: string): string => `pid_t ${owner}_child = fork_process(run_${owner});`;
    const own = this.#threadsOf("main");
    return block("static void one_round(void)", [
      "shared->arrived = 0;",
      ...(this.#usesUffd ? ["open_uffd(UFFD_FEATURES);"] : []),
      ...(this.#files.length > 0 ? ["make_files();"] : []),
      ...this.#processes.filter((owner) => !inherits(owner)).map(fork),
      "set_up_main();",
      ...this.#processes.filter(inherits).map(fork),
      ...own.map((name) => `pthread_t ${name}_thread = start_thread(thread_${name});`),
      ...own.map((name) => `join_thread(${name}_thread);`),
      ...this.#processes.map((owner) => `reap(${owner}_child);`),
      ...(this.#kinds.has("guest") ? ["close_guest();"] : []),
      ...this.#areasOf("main").map(
        (name) => `must("munmap", munmap(${name}, ${this.#calls.lengthOf(name)}));`,
      ),
      ...(this.#kinds.has("direct-read") ? ['must("close", close(direct_file));'] : []),
      ...(this.#kinds.has("vmsplice") ? ["close_pipe();"] : []),
      ...(this.#usesUffd ? ["close_uffd();"] : []),
      ...this.#files.map((name) => `must("close", close(${name}));`),
    ]).replaceAll("UFFD_FEATURES", this.#features());
  }

  /** Bits of UFFD_FEATURE_*, by value where headers in use may not have them. */
  #features(): string {
    const modes = new Set(callsOf(this.#userspace).flatMap((step) => ("modes" in step ? step.modes : [])));
    const ofFiles = this.#files.length > 0;
    const bits = [
      ...(modes.has("missing") && ofFiles ? [5] : []),
      ...(modes.has("wp") ? [0, ...(ofFiles ? [12] : [])] : []),
      ...(modes.has("minor") ? [10] : []),
      ...(this.#kinds.has("poison") ? [14] : []),
      ...(this.#kinds.has("move") ? [16] : []),
    ];
    return bits.length === 0 ? "0" : bits.map((bit) => `1ULL << ${bit}`).join(" | ");
  }

  #probe(): string {
    const advices = new Set(
      callsOf(this.#userspace).flatMap((step) =>
        "advice" in step && step.advice !== "MADV_COLLAPSE" ? [step.advice] : [],
      ),
    );
    return block("static void probe(void)", [
      "errno = EINVAL;",
      "if (sysconf(_SC_PAGESIZE) != (long)PAGE)",
      '\tunsupported("pages of other than 4 KiB");',
      ...[...advices].map((advice) => `need_advice("${advice}", ${advice});`),
      ...(this.#kinds.has("migrate") ? ["need_two_nodes();"] : []),
    ]);
  }

  #main(): string {
    return MAIN;
  }
}

const MAIN = String.raw`int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 1000;
	unsigned int seconds = argc > 2 ? (unsigned int)atol(argv[2]) : 600;

	for (int thread = 0; thread < THREADS && thread + 3 < argc; thread++)
		start_wait_us[thread] = (unsigned int)atol(argv[thread + 3]);
	if (rounds < 1 || seconds < 1) {
		fprintf(stderr, "usage: %s [rounds [seconds [us to wait at the start, for each thread]...]]\n", argv[0]);
		return 2;
	}
	main_process = getpid();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	handle(SIGUSR1, on_child_gave_up);
	handle(SIGALRM, on_alarm);
	handle(SIGSEGV, on_fault);
	handle(SIGBUS, on_fault);
	alarm(seconds);
	allow();
	probe();
	for (long round = 0; round < rounds; round++)
		one_round();
	printf("%ld rounds; %ld calls or accesses of the race were refused\n", rounds, (long)shared->failures);
	return 0;
}`;
