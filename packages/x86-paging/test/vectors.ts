/** Reads the header vectors from the fixtures. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { parseVectors, type VectorRow } from "../src/conform/vectors.ts";

export { answer, camelCase, compareVectors, machineOf, type VectorRow } from "../src/conform/vectors.ts";

/** All rows of one release. */
export function readVectors(release: "6.1" | "6.12"): VectorRow[] {
  const file = new URL(`fixtures/headers/vectors-${release}.jsonl.gz`, import.meta.url);
  return parseVectors(gunzipSync(readFileSync(file)).toString("utf8"));
}
