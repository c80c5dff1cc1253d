/** Campaigns over a queue: a real Redis server, worker processes, and what is killed in the middle. Needs a build. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RACE_PROGRAM } from "../race-program.ts";
import { findRedis, RedisServer } from "../redis.ts";
import { withoutTimes } from "../run.ts";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const redis = findRedis();
let folder = "";
beforeAll(() => {
  if (!existsSync(program)) throw new Error("build the packages first: pnpm run build");
  folder = mkdtempSync(join(tmpdir(), "mmrace-queue-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A process of the command line, with what it has said so far. */
class Running {
  readonly errors: string[] = [];
  output = "";
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(...args: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.#child, "close");
    this.#child.stdout!.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    createInterface({ input: this.#child.stderr! }).on("line", (line) => this.errors.push(line));
  }

  /** Waits for a line after the first `from`. */
  async said(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const line = this.errors.slice(from).find((one) => pattern.test(one));
      if (line !== undefined) return line;
      if (this.#child.exitCode !== null)
        throw new Error(`it ended without saying ${pattern}:\n${this.errors.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async end(signal?: NodeJS.Signals): Promise<string> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#closed;
    return this.output;
  }

  /** Names of shards in lines that begin with a word, in their order. */
  shards(word: string): readonly string[] {
    return this.errors.flatMap((line) => {
      const [first, name = ""] = line.split(/[ :]+/);
      return first === word ? [name] : [];
    });
  }
}

interface Result {
  readonly executions: number;
  readonly programs?: object;
  readonly violations: readonly { readonly oracle: string; readonly signature: string }[];
}

describe.skipIf(redis === undefined)("a campaign over a queue", () => {
  const started: Running[] = [];
  let server: RedisServer;
  /** The campaign, when nobody is killed, and one worker does it all. */
  let undisturbed: unknown;

  const start = (...args: readonly string[]): Running => {
    const running = new Running(...args);
    started.push(running);
    return running;
  };
  const work = (): Running => start("work", "--queue", server.address);
  const serve = (out: string): Running => {
    const cut = ["--executions", "2400", "--shards", "2", "--shard", "300", "--seed", "5"];
    return start("serve", "T1-02", "--queue", server.address, ...cut, "--out", out, "--json", "--events");
  };
  const resultOf = async (running: Running): Promise<Result> => {
    const result = withoutTimes(JSON.parse(await running.end())) as Result;
    return { ...result, out: undefined } as Result;
  };
  /** Nothing is lost, and nothing is there twice. */
  const expectAsUndisturbed = (result: Result, out: string): void => {
    expect(result).toEqual(undisturbed);
    expect(readdirSync(join(folder, out, "findings")).toSorted()).toEqual(
      readdirSync(join(folder, "undisturbed", "findings")).toSorted(),
    );
  };

  beforeAll(async () => {
    server = await RedisServer.start(redis!, join(folder, "redis"));
    const campaign = serve("undisturbed");
    work();
    undisturbed = await resultOf(campaign);
  }, 300_000);
  afterEach(async () => {
    for (const running of started.splice(0)) await running.end("SIGKILL");
  });
  afterAll(() => server.kill());

  test("finds what there is, with the executions that were asked for", () => {
    const { executions, violations } = undisturbed as Result;
    expect(executions).toBe(2400);
    expect(violations.map(({ oracle }) => oracle).toSorted()).toEqual(["kernel assertion", "lost entry"]);
    expect(new Set(violations.map(({ signature }) => signature)).size).toBe(violations.length);
    expect(readdirSync(join(folder, "undisturbed", "findings"))).toHaveLength(violations.length);
  });

  test("a worker is killed, and then the server: nothing is lost, and nothing is found twice", async () => {
    const [campaign, victim, survivor] = [serve("killed"), work(), work()];
    // In the second round or later, so that the campaign has something to lose.
    await victim.said(/^Took .*-(?!0-|300-)\d+-/);
    await victim.end("SIGKILL");
    const lost = victim.shards("Took").at(-1)!;
    expect(victim.shards("Did")).not.toContain(lost);
    await survivor.said(new RegExp(`^Took ${lost}`));

    await server.kill();
    await campaign.said(/has gone away/);
    await survivor.said(/has gone away/);
    await server.restart();
    const result = await resultOf(campaign);
    expect(campaign.errors.some((line) => line.includes("is there again"))).toBe(true);
    expectAsUndisturbed(result, "killed");
    // Who is told to end says what it has done.
    expect(await survivor.end("SIGTERM")).toMatch(/^\d+ shards, /);
  }, 300_000);

  test("the campaign's own process is killed, and the server forgets all: the same command goes on to the same end", async () => {
    const first = serve("forgotten");
    work();
    await first.said(/"event":"progress".*"executions":[1-9]/);
    await first.end("SIGKILL");
    await server.kill();
    rmSync(join(folder, "redis", "appendonlydir"), { recursive: true });
    await server.restart();
    const second = serve("forgotten");
    const result = await resultOf(second);
    expect(second.errors[0]).toMatch(/Going on with the interrupted campaign/);
    expectAsUndisturbed(result, "forgotten");
  }, 300_000);

  test("a program of a file travels in its shards", async () => {
    writeFileSync(join(folder, "race.prog"), RACE_PROGRAM);
    const what = ["--program", "race.prog", "--kernel", "6.11", "--executions", "200", "--shards", "2"];
    const campaign = start("serve", "--queue", server.address, ...what, "--out", "file", "--json");
    work();
    const { executions, violations } = await resultOf(campaign);
    expect(executions).toBe(200);
    expect(violations.map(({ oracle }) => oracle)).toContain("table shape");
  }, 300_000);

  test("generated programs come to what one process comes to, though a worker is killed", async () => {
    const what = ["--programs", "12", "--executions", "600", "--kernel", "6.18", "--seed", "5", "--json"];
    const alone = new Running("fuzz", ...what, "--out", "hunted-alone");
    const campaign = start("serve", "--queue", server.address, ...what, "--out", "hunted");
    const [victim, survivor] = [work(), work()];
    await victim.said(/^Took program-/);
    await victim.end("SIGKILL");
    const comparable = async (running: Running): Promise<unknown> => {
      const result = await resultOf(running);
      return { ...result, command: undefined, programs: { ...result.programs, folder: undefined } };
    };
    expect(await comparable(campaign)).toEqual(await comparable(alone));
    expect(survivor.shards("Did").every((name) => name.startsWith("program-"))).toBe(true);
    expect(readdirSync(join(folder, "hunted", "programs-6.18"))).toEqual(
      readdirSync(join(folder, "hunted-alone", "programs-6.18")),
    );
  }, 300_000);

  test("Ctrl-C ends a campaign that nobody works for, and one whose server is away", async () => {
    const alone = serve("alone");
    await alone.said(/^No worker is there\. Start some/);
    expect(JSON.parse(await alone.end("SIGINT"))).toMatchObject({ interrupted: true, executions: 0 });
    const waiting = serve("alone");
    await waiting.said(/"event":"begin"/);
    await server.kill();
    await waiting.said(/has gone away/);
    expect(JSON.parse(await waiting.end("SIGINT"))).toMatchObject({ interrupted: true, executions: 0 });
    await server.restart();
  });
});

describe("without a server", () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8" });

  test.each([
    // Nothing listens on the port of tcpmux.
    [
      "redis://127.0.0.1:1",
      /^No Redis server answers at redis:\/\/127\.0\.0\.1:1 \(.*ECONNREFUSED.*apt-get install/,
    ],
    ["redis://10.1.2.3", /^--queue: 10\.1\.2\.3 is not this machine.*--allow-remote/],
    ["http://127.0.0.1", /^--queue http:\/\/127\.0\.0\.1 is no address of a Redis server/],
    ["redis://:secret@", /^--queue redis:\/\/ is no address/],
    ["redis://127.0.0.1/shards", /^--queue: \/shards is no number of a database/],
  ])("%s is refused with a sentence, and exit code 2", (address, message) => {
    for (const command of [["work"], ["serve", "T1-02"]]) {
      const { status, stderr } = run(...command, "--queue", address);
      expect(stderr).toMatch(message);
      expect(status).toBe(2);
    }
  });
});
