/** Runs something that must throw a PagingError, and hands the error back. */

import { PagingError } from "../src/index.ts";

export function caught(run: () => unknown): PagingError {
  try {
    run();
  } catch (error) {
    if (error instanceof PagingError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
