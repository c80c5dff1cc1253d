/**
 * Ablations: guards removed from outside, by rewriting the operation stream. The model does not know they exist.
 *
 * A *site address* says where: `procedure/operation/class`, or `procedure/operation/class/n` for the n-th time that
 * one run of the procedure comes there. What removal means follows from the operation:
 * an acquire is skipped together with its release; a read is told what the thread saw there before (a recheck that
 * notices nothing), or a given answer; anything else is skipped.
 */

import { UsageError } from "./assert.ts";
import type { Operation } from "./operation.ts";
import type { ModelThread } from "./thread.ts";

/** One guard removed. */
export interface Ablation {
  /** `procedure/operation/class` with an optional `/n`. */
  readonly site: string;
  /** The forced result of a read; absent means what the thread read there before. */
  readonly answer?: string | number | boolean | null;
  /** One line for people. */
  readonly name: string;
}

/** Which occurrence within one run of the procedure, from 1; all of them by default. */
export interface SiteChoice {
  readonly nth?: number;
}

function siteAddress(
  procedure: string,
  operation: string,
  objectClass: string,
  nth: number | undefined,
): string {
  return `${procedure}/${operation}/${objectClass}${nth === undefined ? "" : `/${nth}`}`;
}

/** Ways to take a guard out of a scenario. */
export const without = {
  /** Drops every lock of the class that the procedure takes itself, with its unlock, wherever that stands. */
  lock(procedure: string, lockClass: string, choice: SiteChoice = {}): Ablation {
    const site = siteAddress(procedure, "*", lockClass, choice.nth);
    return { site, name: `${procedure} without ${lockClass}` };
  },
  /** Forces the answer of a read. Without `answer`, the recheck sees what the thread saw at that location before. */
  recheck(
    procedure: string,
    objectClass: string,
    choice: SiteChoice & { readonly answer?: string | number | boolean | null } = {},
  ): Ablation {
    const site = siteAddress(procedure, "read_once", objectClass, choice.nth);
    const name = `${procedure} without rechecking ${objectClass}`;
    return choice.answer === undefined ? { site, name } : { site, name, answer: choice.answer };
  },
  /** Removes whatever stands at a site address. */
  site(address: string): Ablation {
    return parseAblation(address);
  },
};

/** The text form that tokens and `--ablate` use: the site, and `=JSON` when an answer is forced. */
export function ablationText(ablation: Ablation): string {
  return ablation.answer === undefined
    ? ablation.site
    : `${ablation.site}=${JSON.stringify(ablation.answer)}`;
}

/** @throws {UsageError} when the text is no site address. */
export function parseAblation(text: string): Ablation {
  const match = /^([^/=]+\/[^/=]+\/[^/=]+(?:\/[1-9][0-9]*)?)(?:=(.+))?$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `"${text}" is no site address. Write procedure/operation/class or procedure/operation/class/n, ` +
        "for example retract_page_tables/spin_lock/pte_lock; `mmrace list sites` shows all of them.",
    );
  }
  const site = match[1]!;
  if (match[2] === undefined) return { site, name: `without ${site}` };
  return { site, name: `without ${site}, answer ${match[2]}`, answer: parseAnswer(match[2]) };
}

function parseAnswer(text: string): string | number | boolean | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(
      `The answer "${text}" of an ablation is not JSON. Write true, false, null, a number or "text".`,
    );
  }
  if (
    value === null ||
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "boolean"
  ) {
    return value;
  }
  throw new UsageError(`The answer ${text} of an ablation must be a single value, not a list or an object.`);
}

/** What an ablation makes of an operation that is announced. */
export type Verdict =
  | { readonly kind: "keep" }
  | { readonly kind: "skip" }
  | { readonly kind: "answer"; readonly value: unknown };

const KEEP: Verdict = { kind: "keep" };
const SKIP: Verdict = { kind: "skip" };

interface Rule {
  readonly ablation: Ablation;
  readonly procedure: string;
  readonly operation: string;
  readonly objectClass: string;
  readonly nth: number | undefined;
}

/** The ablations of one exploration, with what they must remember during one execution. */
export class AblationRules {
  readonly #rules: readonly Rule[];
  /** Ablations that matched at least once in the exploration; one that never does is probably misspelt. */
  readonly matched: Set<Ablation> = new Set();
  /** Of each acquire that waits for its release, whether it was skipped; by thread id and location, innermost last. */
  #open = new Map<string, boolean[]>();
  /** What each thread last read, by thread id and location. */
  #seen = new Map<string, unknown>();

  constructor(ablations: readonly Ablation[]) {
    this.#rules = ablations.map((ablation) => {
      const [procedure, operation, objectClass, nth] = ablation.site.split("/") as [
        string,
        string,
        string,
        string?,
      ];
      return {
        ablation,
        procedure,
        operation,
        objectClass,
        nth: nth === undefined ? undefined : Number(nth),
      };
    });
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Ablations that no operation of the exploration has matched. */
  get unmatched(): readonly Ablation[] {
    return this.#rules.map(({ ablation }) => ablation).filter((ablation) => !this.matched.has(ablation));
  }

  beginExecution(): void {
    this.#open.clear();
    this.#seen.clear();
  }

  /** Decides about an operation whose site is set. Call once per operation, when it is announced. */
  judge(thread: ModelThread, operation: Operation<unknown>): Verdict {
    const key = `${thread.id} ${operation.object.location}`;
    const role = operation.kind.role;
    if (role === "release" && this.#open.get(key)?.pop() === true) return SKIP;

    const site = operation.site!;
    const counts = (thread.frame.counts ??= new Map());
    const nth = (counts.get(site.address) ?? 0) + 1;
    counts.set(site.address, nth);

    const rule = this.#rules.find((candidate) => matches(candidate, operation, nth));
    if (role === "acquire") this.#noteAcquire(key, rule !== undefined);
    if (rule === undefined) return KEEP;
    this.matched.add(rule.ablation);
    if (operation.kind.isIndispensable === true) throw new UsageError(indispensable(site.address));
    const { access, isWait } = operation.kind;
    if (access !== "read" || isWait === true || role !== undefined) return SKIP;
    if (rule.ablation.answer !== undefined) return { kind: "answer", value: rule.ablation.answer };
    return this.#seen.has(key) ? { kind: "answer", value: this.#seen.get(key) } : KEEP;
  }

  /** Sections nest: the release that goes with a skipped acquire is not the first one, but its own. */
  #noteAcquire(key: string, isSkipped: boolean): void {
    const open = this.#open.get(key);
    if (open === undefined) this.#open.set(key, [isSkipped]);
    else open.push(isSkipped);
  }

  /** Remembers what a read returned. */
  onRead(thread: ModelThread, operation: Operation<unknown>, result: unknown): void {
    this.#seen.set(`${thread.id} ${operation.object.location}`, result);
  }
}

function indispensable(site: string): string {
  return `${site} cannot be removed: the thread needs its result. Remove the lock, the recheck or the step before it.`;
}

function matches(rule: Rule, operation: Operation<unknown>, nth: number): boolean {
  const site = operation.site!;
  if (rule.procedure !== site.procedure || rule.objectClass !== site.objectClass) return false;
  if (rule.nth !== undefined && rule.nth !== nth) return false;
  return rule.operation === "*" ? operation.kind.role === "acquire" : rule.operation === site.operation;
}
