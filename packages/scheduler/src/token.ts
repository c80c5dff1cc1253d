/**
 * Tokens: one line of text that replays an execution. `mmr1.` and the base64url form of, in order: format version,
 * scenario, variant, parameters, ablations, memory model, given facts, model fingerprint, schedule, one check per block of the
 * schedule, and a checksum over all of it. Texts and byte strings carry their length; numbers are little-endian.
 */

import { ablationText, parseAblation, type Ablation } from "./ablation.ts";
import { UsageError } from "./assert.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { hashBytes } from "./hash.ts";
import { MEMORY_MODELS, type MemoryModel } from "./run-settings.ts";
import type { Parameters } from "./scenario.ts";

/** Grows when the form changes; tokens of other versions are refused, never guessed at. */
const FORMAT_VERSION = 2;
const PREFIX = "mmr1.";

/** What a token says. */
export interface TokenContent {
  readonly scenario: string;
  /** The model variant, such as a kernel release; empty when the scenario has none. */
  readonly variant: string;
  readonly parameters: Parameters;
  readonly ablations: readonly Ablation[];
  readonly memory: MemoryModel;
  /** See `RunSettings`. */
  readonly given: readonly string[];
  /** See `modelFingerprint`. */
  readonly fingerprint: number;
  readonly schedule: Uint8Array;
  /** One 16-bit check per block of the schedule, to say where a replay leaves the recorded path. */
  readonly checks: readonly number[];
}

/** Writes a token. */
export function encodeToken(content: TokenContent): string {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  writer.text(content.scenario);
  writer.text(content.variant);
  writer.text(JSON.stringify(content.parameters));
  writer.text(content.ablations.map(ablationText).join("\n"));
  writer.text(content.memory);
  writer.text(content.given.join("\n"));
  writer.word(content.fingerprint);
  writer.bytes(content.schedule);
  writer.word(content.checks.length);
  for (const check of content.checks) {
    writer.byte(check & 0xff);
    writer.byte(check >>> 8);
  }
  writer.word(hashBytes(writer.written()));
  return PREFIX + Buffer.from(writer.written()).toString("base64url");
}

/**
 * Reads a token. White space and line breaks from mail are ignored.
 *
 * @throws {UsageError} that says what is wrong: no token at all, cut short, altered, or of another format version.
 */
export function decodeToken(text: string): TokenContent {
  const compact = text.replace(/[\s>]+/g, "");
  if (!compact.startsWith(PREFIX)) {
    throw new UsageError(
      `This is no token: it starts with "${compact.slice(0, 8)}" and not with "${PREFIX}".`,
    );
  }
  const body = compact.slice(PREFIX.length);
  const stranger = /[^A-Za-z0-9_-]/.exec(body);
  if (stranger !== null) {
    throw new UsageError(`The token is damaged: "${stranger[0]}" cannot stand in it. Copy it again, whole.`);
  }
  const bytes = new Uint8Array(Buffer.from(body, "base64url"));
  if (Buffer.from(bytes).toString("base64url") !== body) {
    throw new UsageError(
      "The token is damaged: its last characters do not belong to it. Copy it again, whole.",
    );
  }
  if (bytes.length < 5)
    throw new UsageError("The token is cut short: nothing is left to read. Copy it again, whole.");
  const version = bytes[0]!;
  if (version !== FORMAT_VERSION) {
    throw new UsageError(
      `The token has format version ${version}; this program reads version ${FORMAT_VERSION}.`,
    );
  }
  const payload = bytes.subarray(0, bytes.length - 4);
  if (new ByteReader(bytes.subarray(bytes.length - 4)).word() !== hashBytes(payload)) {
    throw new UsageError(
      "The token is damaged or cut short: its checksum does not fit. Copy it again, whole.",
    );
  }
  return readContent(new ByteReader(payload.subarray(1)));
}

function readContent(reader: ByteReader): TokenContent {
  const scenario = reader.text();
  const variant = reader.text();
  const parameters = JSON.parse(reader.text()) as Parameters;
  const ablations = reader.text().split("\n").filter(Boolean).map(parseAblation);
  const wanted = reader.text();
  const memory = MEMORY_MODELS.find((model) => model === wanted);
  if (memory === undefined) {
    throw new UsageError(
      `The token wants memory model "${wanted}"; this program knows ${MEMORY_MODELS.join(" and ")}.`,
    );
  }
  const given = reader.text().split("\n").filter(Boolean);
  const fingerprint = reader.word();
  const schedule = reader.bytes();
  const checksCount = reader.word();
  const checks = Array.from({ length: checksCount }, () => reader.byte() | (reader.byte() << 8));
  return { scenario, variant, parameters, ablations, memory, given, fingerprint, schedule, checks };
}
