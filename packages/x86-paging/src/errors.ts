/**
 * What goes wrong at the edges of this package: addresses, frame numbers and dumps that cannot be.
 *
 * Hot functions never check; constructors, parsers and importers do. A first reader may skip this file.
 */

/** The reasons a {@link PagingError} is thrown for; stable, so that callers may switch on them. */
export type PagingErrorCode =
  | "non-canonical-address"
  | "pfn-out-of-range"
  | "bad-entry-text"
  | "bad-argument"
  | "dump-truncated"
  | "dump-contradictory"
  | "dump-malformed";

/** A value from outside that this package refuses. The message names the value and what is allowed. */
export class PagingError extends Error {
  override readonly name = "PagingError";
  /** The kind of mistake. */
  readonly code: PagingErrorCode;
  /** The offending value as text, for example `0x800000000000`. */
  readonly value: string;

  constructor(code: PagingErrorCode, value: string, message: string) {
    super(`${message} (got ${value})`);
    this.code = code;
    this.value = value;
  }
}
