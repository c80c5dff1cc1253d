/** What is said about campaigns while they run: on a terminal, as plain lines, or as JSON lines for other programs. */

import type { Violation } from "@mmrace/scheduler";
import { nowMs } from "../clock.ts";
import { Progress } from "./progress.ts";
import { counted } from "./violation-text.ts";

/** Where a campaign stands. */
export interface Standing {
  readonly scenario: string;
  readonly kernel: string;
  readonly executions: number;
  readonly executionsMax: number;
  readonly steps: number;
  readonly corpus: number;
  /** By map. */
  readonly features: Readonly<Record<string, number>>;
  readonly findings: number;
  /** Executions per second of each worker; empty when there is one. */
  readonly workers: readonly number[];
  /** Of a hunt over generated programs: how many have been run, how many there will be, and how many were kept. */
  readonly programs?: { readonly tried: number; readonly of: number; readonly kept: number };
}

/** Speed is told of the last few seconds, not of the whole campaign. */
const PACE_MS = 3000;
const EVENT_EVERY_MS = 200;

interface Moment {
  readonly atMs: number;
  readonly executions: number;
  readonly steps: number;
}

/** Speaks for the campaigns of one command. */
export class CampaignStatus {
  readonly #progress: Progress;
  readonly #events: ((event: Readonly<Record<string, unknown>>) => void) | undefined;
  readonly #count: number;
  #index = 0;
  #startMs = nowMs();
  #lastNewMs = nowMs();
  #known = -1;
  #moments: Moment[] = [];
  #eventMs = -Infinity;

  /**
   * @param scenarios how many campaigns there will be.
   * @param events takes events instead of texts for people.
   */
  constructor(
    scenarios: number,
    events?: (event: Readonly<Record<string, unknown>>) => void,
    progress: Progress = new Progress(),
  ) {
    this.#count = scenarios;
    this.#events = events;
    this.#progress = progress;
  }

  /** The next campaign begins. */
  begin(scenario: string, kernel: string): void {
    this.#index++;
    this.#startMs = this.#lastNewMs = nowMs();
    this.#known = -1;
    this.#moments = [];
    this.#events?.({ event: "begin", scenario, kernel });
  }

  /** Offers where it stands; the rest is done only when it is time to say something. */
  note(standing: () => Standing): void {
    if (this.#events === undefined) {
      this.#progress.show(() => {
        const now = standing();
        this.#look(now);
        return this.#progress.isTerminal ? this.#block(now) : this.#line(now);
      });
    } else if (nowMs() - this.#eventMs >= EVENT_EVERY_MS) {
      this.#eventMs = nowMs();
      const now = standing();
      this.#look(now);
      this.#events({ event: "progress", ...now, ...this.#paces(), lastNewMs: Math.round(this.#sinceNewMs) });
    }
  }

  /** Something new was found, and written to a directory. */
  found({ oracle, message, signature, token }: Violation, directory: string): void {
    if (this.#events === undefined) this.#progress.print(`Found ${oracle}: ${message} (${directory})`);
    else this.#events({ event: "finding", oracle, message, signature, token, directory });
  }

  /** A campaign has ended. */
  end(standing: Standing): void {
    this.#progress.end();
    this.#events?.({ event: "end", ...standing, elapsedMs: Math.round(nowMs() - this.#startMs) });
  }

  get #sinceNewMs(): number {
    return nowMs() - this.#lastNewMs;
  }

  #look({ features, executions, steps }: Standing): void {
    const known = sum(features);
    const now = nowMs();
    if (known > this.#known) this.#lastNewMs = now;
    this.#known = known;
    this.#moments.push({ atMs: now, executions, steps });
    while (this.#moments.length > 2 && now - this.#moments[0]!.atMs > PACE_MS) this.#moments.shift();
  }

  #paces(): { readonly executionsPerSecond: number; readonly stepsPerSecond: number } {
    const [first, last] = [this.#moments[0]!, this.#moments.at(-1)!];
    // The first look has nothing to compare with but the start.
    const elapsed = Math.max(last.atMs - (first === last ? this.#startMs : first.atMs), 1) / 1000;
    const before = first === last ? { executions: 0, steps: 0 } : first;
    return {
      executionsPerSecond: Math.round((last.executions - before.executions) / elapsed),
      stepsPerSecond: Math.round((last.steps - before.steps) / elapsed),
    };
  }

  #block(now: Standing): string {
    const { executionsPerSecond, stepsPerSecond } = this.#paces();
    const share = Math.floor((100 * now.executions) / now.executionsMax);
    const which = this.#count === 1 ? "" : `, ${this.#index} of ${this.#count}`;
    const lines = [
      `${now.scenario} on ${now.kernel}${which}, ${clock(nowMs() - this.#startMs)}`,
      `  executions ${number(now.executions)} of ${number(now.executionsMax)} (${share} %), ${number(executionsPerSecond)}/s, ${number(stepsPerSecond)} steps/s`,
      `  features   ${featuresText(now.features)}`,
      `  corpus     ${number(now.corpus)}, last new feature ${ago(this.#sinceNewMs)}`,
      ...programsOf(now, (tried, of, kept) => `  programs   ${tried} of ${of}, ${kept} kept`),
      `  findings   ${number(now.findings)}`,
    ];
    if (now.workers.length > 0)
      lines.push(`  workers    ${now.workers.map((pace, at) => `${at + 1}: ${number(pace)}/s`).join("  ")}`);
    return lines.join("\n");
  }

  #line(now: Standing): string {
    const { executionsPerSecond, stepsPerSecond } = this.#paces();
    return [
      `${now.scenario} on ${now.kernel}: ${number(now.executions)}/${number(now.executionsMax)} executions`,
      `${number(executionsPerSecond)}/s`,
      `${number(stepsPerSecond)} steps/s`,
      `corpus ${number(now.corpus)}`,
      `features ${featuresText(now.features)} (last new ${ago(this.#sinceNewMs)})`,
      ...programsOf(now, (tried, of, kept) => `programs ${tried}/${of} (${kept} kept)`),
      counted(now.findings, "finding"),
      ...(now.workers.length === 0
        ? []
        : [`workers ${now.workers.map((pace) => `${number(pace)}/s`).join(" ")}`]),
    ].join(", ");
  }
}

function programsOf(
  { programs }: Standing,
  text: (tried: string, of: string, kept: string) => string,
): readonly string[] {
  if (programs === undefined) return [];
  const { tried, of, kept } = programs;
  return [text(number(tried), number(of), number(kept))];
}

function featuresText(features: Standing["features"]): string {
  return Object.entries(features)
    .map(([map, count]) => `${number(count)} ${map}`)
    .join(" + ");
}

function sum(features: Standing["features"]): number {
  return Object.values(features).reduce((total, count) => total + count, 0);
}

function number(value: number): string {
  return value.toLocaleString("en");
}

/** `just now`, `12 s ago`, `3 min ago`. */
function ago(ms: number): string {
  if (ms < 1000) return "just now";
  return ms < 100_000 ? `${Math.floor(ms / 1000)} s ago` : `${Math.floor(ms / 60_000)} min ago`;
}

/** `0:07`, `12:34`, `1:02:03`. */
function clock(ms: number): string {
  const s = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(s / 60) % 60;
  const hours = Math.floor(s / 3600);
  return hours === 0 ? `${minutes}:${two(s % 60)}` : `${hours}:${two(minutes)}:${two(s % 60)}`;
}
