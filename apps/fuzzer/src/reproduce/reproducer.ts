/** A reproducer: the hold table of a finding, and the program of its scenario. */

import { partsOfKernelId, scenarioFamily, type Userspace, type World } from "@mmrace/mm";
import { isProgramName } from "@mmrace/mm/programs";
import {
  columnsText,
  holdPlan,
  type HoldPlan,
  UsageError,
  type Replay,
  type Scenario,
  type TokenContent,
} from "@mmrace/scheduler";
import { cProgram } from "./c-program.ts";
import { holdRows, holdTable, PATCH_HINT, rowText, type HoldRow } from "./holds.ts";
import { lacks, needsOf } from "./releases.ts";
import { signOf } from "./signs.ts";
import { wrapped } from "./wrapped.ts";

/** All of it. */
export interface Reproducer {
  /** The release that the program is to run on. */
  readonly kernel: string;
  readonly rows: readonly HoldRow[];
  readonly markdown: string;
  readonly program: string;
  readonly needs: readonly string[];
  readonly differs: readonly string[];
  /** What `kernel` does not have. */
  readonly lacks: readonly string[];
}

/**
 * What user space does in a scenario.
 *
 * @throws {UsageError} when it can do nothing that would be the same, with the reason.
 */
export function userspaceOf(name: string): Userspace {
  if (isProgramName(name))
    throw new UsageError(
      `${name} is a program, which is a list of system calls already: mmrace program show prints it. C is written for the ` +
        "scenarios of mmrace list scenarios only.",
    );
  const { userspace } = scenarioFamily(name);
  if (userspace === undefined)
    throw new UsageError(
      `The scenario ${name} does not say what user space does in it: give it a \`userspace\` (see docs/why/reproduce-on-a-kernel.md).`,
    );
  if ("notExpressible" in userspace)
    throw new UsageError(`${name} is not expressible as system calls: ${userspace.notExpressible}.`);
  return userspace;
}

/** A token, and what came of running it. */
export interface Shown {
  readonly token: string;
  readonly content: TokenContent;
  readonly replayed: Replay;
}

/**
 * @param scenario the scenario that the token was made on.
 * @param kernel the release to run on; default: the one of the token.
 */
export function reproducerOf(
  scenario: Scenario<World>,
  { token, content, replayed }: Shown,
  kernel: string = partsOfKernelId(content.variant).release,
): Reproducer {
  const userspace = userspaceOf(content.scenario);
  const plan = holdPlan(scenario, content.schedule, content);
  const rows = holdRows(plan);
  const finding = findingText(replayed);
  const threads = plan.trace.threads.filter((_, thread) => !plan.free.includes(thread));
  const notes = {
    needs: [
      ...(userspace.needs ?? []),
      ...needsOf(userspace).map(({ what, since }) => `Linux ${since.join(".")} or later, for ${what}`),
      ...(userspace.files === undefined
        ? []
        : ["/sys/kernel/debug/fault_around_bytes at 4096, or a fault maps the pages around it as well"]),
    ],
    differs: [...(userspace.differs ?? []), ...ablationNotes(content)],
    lacks: lacks(userspace, kernel),
  };
  const title = `${content.scenario} on Linux ${content.variant}: ${finding}`;
  const head = [
    title,
    "",
    "Written by mmrace reproduce from the token",
    token,
    "",
    "Build: cc -std=gnu11 -Wall -Wextra -Werror -pthread",
    "Run:   ./a.out [rounds [seconds [us to wait at the start, for each thread]...]]",
    "Ends:  0 all rounds done, 1 a set-up failed, 77 not supported here, 124 somebody hangs.",
    "",
    geometryNote(content),
    "",
    ...listed("It needs:", notes.needs),
    ...listed("Other than in the model:", notes.differs),
    "Where to hold which thread:",
    ...rows.map((row, index) => `${index + 1}. ${rowText(row)}`),
    ...lastWords(plan),
  ].flatMap((line) => wrapped(line, 116));
  const markdown = [
    `# ${title}`,
    `\`mmrace replay ${token}\``,
    holdTable(rows),
    "## Step by step",
    rows.map((row, index) => `${index + 1}. ${rowText(row)}`).join("\n"),
    ...lastWords(plan),
    "## How to patch the kernel",
    PATCH_HINT.join("\n"),
    ...("violation" in replayed
      ? ["## What shows it", `${capital(signOf(replayed.violation.oracle))}.`]
      : []),
    ...section("What it needs", notes.needs),
    ...section("Other than in the model", notes.differs),
    ...section(`Not on Linux ${kernel}`, notes.lacks),
    "## The execution in the model",
    `\`\`\`text\n${columnsText(plan.trace)}\n\`\`\``,
  ].join("\n\n");
  return { kernel, rows, markdown, program: cProgram(userspace, threads, head), ...notes };
}

function findingText(replayed: Replay): string {
  return "violation" in replayed
    ? `${replayed.violation.oracle} (${replayed.violation.message})`
    : "a schedule without a violation";
}

/** What follows when all rows have been gone through. */
function lastWords({ trace: { events, threads, ending } }: HoldPlan): readonly string[] {
  const last = events.at(-1);
  if (last === undefined || !("message" in ending)) return [];
  const place = last.procedures.length === 0 ? "" : ` in \`${last.procedures.at(-1)!}()\``;
  return [
    `Then CPU${threads[last.thread]!.cpu} comes to \`${last.text}\`${place}: ${ending.oracle}, ${ending.message}.`,
  ];
}

function ablationNotes({ ablations, variant, memory }: TokenContent): readonly string[] {
  return [
    ...ablations.map(
      ({ name }) =>
        `the model's ${variant} has a guard taken out: ${name}. Take it out of the kernel as well`,
    ),
    ...(memory === "tso"
      ? ["stores reach memory late (x86-TSO): what the machine does by itself can be waited for, not held up"]
      : []),
  ];
}

function geometryNote({ parameters }: TokenContent): string {
  return (
    "Addresses: the model's base 0x7f0000000000 is BASE here; offsets are the same, since the model has pages of 4 KiB and " +
    `slots of 2 MiB, too. Its tables have their first ${String(parameters["ptesPerTable"])} entries only; a real one has ` +
    "512, and those that the scenario does not name stay empty. All pages of a table, or of a file, are 512 here."
  );
}

function listed(head: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [head, ...lines.map((line) => `- ${line}`), ""];
}

function section(head: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`## ${head}`, lines.map((line) => `- ${line}.`).join("\n")];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
