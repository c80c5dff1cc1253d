/** Which model a corpus was kept by: `<directory>.manifest.json`, beside the directory. */

import type { World } from "@mmrace/mm";
import { hashToHex, modelFingerprint, type Scenario } from "@mmrace/scheduler";
import { literal, object, safeParse, string, type GenericSchema } from "valibot";
import { readJson, writeWhole } from "../engine/json-file.ts";

/** What a manifest says. */
export interface Manifest {
  readonly schemaVersion: 1;
  readonly scenario: string;
  readonly kernel: string;
  /** Fingerprint of the model. */
  readonly fingerprint: string;
}

const manifestSchema: GenericSchema<Manifest> = object({
  schemaVersion: literal(1),
  scenario: string(),
  kernel: string(),
  fingerprint: string(),
});

/** The manifest of this model. */
export function manifestOf(scenario: Scenario<World>): Manifest {
  return {
    schemaVersion: 1,
    scenario: scenario.name,
    kernel: scenario.variant ?? "",
    fingerprint: hashToHex(modelFingerprint(scenario)),
  };
}

/** What is known of a corpus directory; nothing when it has no manifest, or one that cannot be read. */
export function readManifest(directory: string): Manifest | undefined {
  const parsed = safeParse(manifestSchema, readJson(fileOf(directory)).content);
  return parsed.success ? parsed.output : undefined;
}

/** Says that a corpus directory belongs to a model. */
export function writeManifest(directory: string, manifest: Manifest): void {
  writeWhole(fileOf(directory), `${JSON.stringify(manifest, null, 2)}\n`);
}

function fileOf(directory: string): string {
  return `${directory}.manifest.json`;
}
