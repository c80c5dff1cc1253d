/** What a matcher comes to, and what it tells vitest. */

/**
 * What is known after a matcher has run. Where nothing is known, neither the expectation nor its opposite may pass: a
 * search that was cut short shows neither that a scenario holds nor that it does not.
 */
export interface Verdict {
  readonly kind: "yes" | "no" | "unknown";
  /** What came out, as a failure text: of the expectation, or of its opposite. */
  readonly text: () => string;
}

/** What vitest wants to hear. */
export interface MatcherReport {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The expectation is met; the text is for `.not`. */
export function yes(text: () => string): Verdict {
  return { kind: "yes", text };
}

/** The expectation is not met; under `.not`, that is what was expected. */
export function no(text: () => string): Verdict {
  return { kind: "no", text };
}

/** Nothing follows: fails with `.not` and without. */
export function unknown(text: string): Verdict {
  return { kind: "unknown", text: () => text };
}

/** A verdict as vitest reads it, which fails where `pass` equals `isNot`. */
export function reportOf({ kind, text }: Verdict, isNot: boolean): MatcherReport {
  return { pass: kind === "unknown" ? isNot : kind === "yes", message: text };
}
