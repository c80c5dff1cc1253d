/** Shards: what comes out depends on what is in them, and what cannot be done is refused in a sentence. */

import { scenarioFamily } from "@mmrace/mm";
import { UsageError } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";
import { queueAddress } from "../../src/queue/address.ts";
import { nameOf, readAnswer, type Shard, type ShardResult } from "../../src/queue/messages.ts";
import { fingerprintOf, runShard } from "../../src/queue/shard.ts";

const scenario = scenarioFamily("cpmt-vs-uffdcopy").on("6.6-dev");
const shard: Shard = {
  scenario: scenario.name,
  kernel: "6.6-dev",
  parameters: { ...scenario.parameters },
  fingerprint: fingerprintOf(scenario),
  strategy: "coverage",
  memory: "sc",
  ablations: [],
  stopOnFirst: false,
  randomSeed: 3,
  start: 0,
  executions: 150,
  corpus: [],
  findings: [],
};

/** As it comes out of a queue. */
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("a shard", () => {
  const first = runShard(throughJson(shard)) as ShardResult;

  test("gives the same, whoever does it, and whatever that worker did before", () => {
    expect(first.executions).toBe(150);
    expect(first.seeds.length).toBeGreaterThan(0);
    expect(first.findings.length).toBeGreaterThan(0);
    expect(runShard(throughJson(shard))).toEqual(first);
    expect(runShard({ ...shard, randomSeed: 4 })).not.toEqual(first);
  });

  test("does not tell again what the campaign knows, and does not count it", () => {
    const next = { ...shard, start: 150, randomSeed: 5, corpus: first.seeds, findings: first.findings };
    const second = runShard(throughJson(next)) as ShardResult;
    expect(second.executions).toBe(150);
    const signatures = (result: ShardResult) => result.findings.map(({ signature }) => signature);
    for (const signature of signatures(second)) expect(signatures(first)).not.toContain(signature);
    for (const seed of second.seeds) expect(first.seeds).not.toContain(seed);
  });

  test("comes back as it was done", () => {
    const round = readAnswer(throughJson(first));
    expect(round.executions).toBe(150);
    expect(round.seeds.map((seed) => Buffer.from(seed).toString("base64"))).toEqual(first.seeds);
    expect(round.findings[0]).toMatchObject({
      token: first.findings[0]!.token,
      schedule: expect.any(Uint8Array),
    });
  });

  test("has a name of its own: another seed or another corpus is another shard", () => {
    expect(nameOf(throughJson(shard))).toBe(nameOf(shard));
    const others = [{ randomSeed: 4 }, { corpus: ["AA=="] }, { executions: 151 }, { start: 1 }];
    const names = others.map((other) => nameOf({ ...shard, ...other }));
    expect(new Set([nameOf(shard), ...names]).size).toBe(5);
  });

  test.each([
    ["another model", { ...shard, fingerprint: "0000" }, /^A worker has another model of cpmt-vs-uffdcopy: /],
    ["an unknown scenario", { ...shard, scenario: "no-such" }, /no-such/],
    ["something else", { work: true }, /^What lies in the queue is no shard/],
    ["a damaged one", { ...shard, corpus: [1] }, /^What lies in the queue is no shard/],
  ])("%s is refused, and the campaign hears of it", (_, content, reason) => {
    const answer = runShard(content);
    expect(answer).toEqual({ refused: expect.stringMatching(reason) });
    expect(() => readAnswer(answer)).toThrow(UsageError);
  });

  test("an answer that is none", () => {
    for (const answer of [null, "done", { executions: 1 }])
      expect(() => readAnswer(answer)).toThrow(/^A worker's answer cannot be read/);
  });
});

describe("an address", () => {
  test("of this machine, in every way to write it", () => {
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
      expect(queueAddress(`redis://${host}`, false).port).toBe(6379);
  });

  test("with everything", () => {
    expect(queueAddress("rediss://me:pa%40ss@example.org:7000/2", true)).toEqual({
      host: "example.org",
      port: 7000,
      database: 2,
      username: "me",
      password: "pa@ss",
      isEncrypted: true,
      text: "rediss://example.org:7000/2",
    });
  });

  test("of another machine only if asked for, and a password is not shown", () => {
    expect(() => queueAddress("redis://:secret@10.0.0.1", false)).toThrow(
      /^(?!.*secret).*10\.0\.0\.1 is not this machine/,
    );
    expect(() => queueAddress("http://:secret@127.0.0.1", false)).toThrow(/^(?!.*secret).*is no address/);
    expect(queueAddress("redis://10.0.0.1", true).host).toBe("10.0.0.1");
  });
});
