/** What is wrong with a program's text, and where. */

import { UsageError } from "@mmrace/scheduler";

/** A place in a text, both counted from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** Bad input: the message says where, what was wrong, and what to try. */
export class ProgramError extends UsageError {
  readonly place: TextPlace | undefined;

  constructor(place: TextPlace | undefined, problem: string) {
    super(place === undefined ? problem : `line ${place.line}, column ${place.column}: ${problem}`);
    this.place = place;
  }
}
