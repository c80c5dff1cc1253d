/** Reads the dumps of real machines from the fixtures. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { parseDump, type PageTableDump } from "../src/index.ts";

export const DUMP_NAMES = ["deb61-1g", "deb61-4level", "deb61-la57", "k612-4level-swap"] as const;

export function readDumpJson(name: (typeof DUMP_NAMES)[number]): Record<string, unknown> {
  const file = new URL(`fixtures/dumps/${name}.json.gz`, import.meta.url);
  return JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as Record<string, unknown>;
}

export function readDump(name: (typeof DUMP_NAMES)[number]): PageTableDump {
  return parseDump(readDumpJson(name));
}
