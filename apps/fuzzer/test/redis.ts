/** A real Redis server for tests, on the loopback interface, with a directory and a port of its own. */

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

/** The same name as in scripts/redis.mjs, which installs it in CI. */
const NAME = "redis-server";

/** The program, or nothing where there is none. @throws in CI: there a test that is left out would not be noticed. */
export function findRedis(): string | undefined {
  const { MMRACE_REDIS, PATH = "", CI } = process.env;
  const places = PATH.split(delimiter).map((folder) => join(folder, NAME));
  const found = MMRACE_REDIS ?? places.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const advice = `Install it (sudo apt-get install ${NAME}), or name a program in MMRACE_REDIS.`;
  if (CI === "true") throw new Error(`No Redis server for campaigns over a queue, and this is CI. ${advice}`);
  console.warn(
    `\n*** SKIPPED: campaigns over a queue are not tested, as this machine has no Redis server. ${advice} ***\n`,
  );
  return undefined;
}

/** A server that can be killed and started again. */
export class RedisServer {
  readonly address: string;
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(program: string, port: number, directory: string) {
    this.#program = program;
    this.address = `redis://127.0.0.1:${port}`;
    const place = ["--bind", "127.0.0.1", "--port", String(port), "--dir", directory];
    this.#args = [...place, "--appendonly", "yes", "--save", ""];
  }

  static async start(program: string, directory: string): Promise<RedisServer> {
    mkdirSync(directory, { recursive: true });
    const server = new RedisServer(program, await freePort(), directory);
    await server.restart();
    return server;
  }

  /** Starts it again, with what its directory holds. */
  async restart(): Promise<void> {
    const child = spawn(this.#program, this.#args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      if (!/Ready to accept connections/.test(line)) continue;
      // What it says later is not read, and must not fill the pipe.
      child.stdout.resume();
      return;
    }
    throw new Error(`${this.#program} ended before it was ready`);
  }

  /** As a power cut would end it. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
