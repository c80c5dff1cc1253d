/** The connection to a queue's server. The packages for it are loaded only here, since most users have no queue. */

import type * as BullMq from "bullmq";
import type * as IoRedis from "ioredis";
import { UsageError } from "@mmrace/scheduler";
import { atMost } from "../clock.ts";
import { warn } from "../report/warn.ts";
import { version } from "../version.ts";
import type { QueueAddress } from "./address.ts";
import type { Shard, ShardAnswer } from "./messages.ts";
import type { ProgramAnswer, ProgramShard } from "./program-shard.ts";

/** Versions that are tested, as in the manifest's peers. */
const PACKAGES = "bullmq@6.7.0 ioredis@6.0.0";
const RECONNECT_MAX_MS = 500;
const CONNECT_MS = 5000;
const CLOSE_MS = 2000;

/** Shards go to workers of the same version only. */
const QUEUE_NAME = `shards-${version()}`;
const PREFIX = "mmrace";

/** What lies in the queue: a shard of a scenario, or a program of a hunt. */
export type Job = Shard | ProgramShard;
/** What comes of it. */
export type Answer = ShardAnswer | ProgramAnswer;

/** A queue of shards. */
export type ShardQueue = BullMq.Queue<Job, Answer>;
/** Takes shards from it. */
export type ShardWorker = BullMq.Worker<Job, Answer>;

/** A connection to a server that has answered once. From then on it waits for the server, however long it is away. */
export class QueueConnection {
  readonly #redis: IoRedis.Redis;
  readonly #bullmq: typeof BullMq;
  readonly #address: QueueAddress;
  #isAway = false;

  private constructor(redis: IoRedis.Redis, bullmq: typeof BullMq, address: QueueAddress) {
    this.#redis = redis;
    this.#bullmq = bullmq;
    this.#address = address;
    redis.on("close", () => this.#wentAway());
    redis.on("ready", () => this.#cameBack());
    redis.on("error", () => this.#wentAway());
  }

  /** @throws {UsageError} when the packages are not installed, or no server answers. */
  static async open(address: QueueAddress): Promise<QueueConnection> {
    const { bullmq, ioredis } = await packages();
    const { host, port, database: db, username, password, isEncrypted } = address;
    let isConnected = false;
    const redis = new ioredis.Redis({
      host,
      port,
      db,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(isEncrypted ? { tls: {} } : {}),
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      // BullMQ asks for this: what was asked waits until the server is there again.
      maxRetriesPerRequest: null,
      retryStrategy: (times) => (isConnected ? Math.min(times * 50, RECONNECT_MAX_MS) : null),
    });
    let cause = "it closed the connection";
    redis.on("error", ({ message }: Error) => {
      cause = message;
    });
    try {
      await redis.connect();
      await redis.ping();
    } catch (error) {
      redis.disconnect();
      throw refusal(address, `${cause} ${String(error)}`) ?? unreachable(address, cause);
    }
    isConnected = true;
    return new QueueConnection(redis, bullmq, address);
  }

  /** The queue, to put shards into. */
  queue(): ShardQueue {
    const queue: ShardQueue = new this.#bullmq.Queue(QUEUE_NAME, { connection: this.#redis, prefix: PREFIX });
    queue.on("error", teller());
    return queue;
  }

  /** Somebody who does shards. */
  worker(
    run: (name: string, shard: unknown) => Promise<Answer>,
    options: Omit<BullMq.WorkerOptions, "connection">,
  ): ShardWorker {
    const worker: ShardWorker = new this.#bullmq.Worker(
      QUEUE_NAME,
      async ({ id, data }) => await run(id ?? "", data),
      {
        ...options,
        connection: this.#redis,
        prefix: PREFIX,
      },
    );
    worker.on("error", teller());
    return worker;
  }

  /** Closes what uses the connection, and then the connection. A server that is away is not waited for. */
  async close(user: Pick<ShardQueue | ShardWorker, "close" | "disconnect">): Promise<void> {
    this.#redis.removeAllListeners("close");
    // Whether that succeeds changes nothing: what was done is in the queue.
    const isAway = this.#isAway;
    await atMost(isAway ? 0 : CLOSE_MS, silently(user.close()));
    // A worker has a connection of its own for waiting, which would keep the process.
    await atMost(CLOSE_MS, silently(user.disconnect()));
    this.#redis.disconnect();
  }

  #wentAway(): void {
    if (this.#isAway) return;
    this.#isAway = true;
    warn(`The server at ${this.#address.text} has gone away. Waiting for it to come back.`);
  }

  #cameBack(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    warn(`The server at ${this.#address.text} is there again.`);
  }
}

function silently(work: Promise<unknown>): Promise<unknown> {
  return work.catch(() => {});
}

async function packages(): Promise<{
  readonly bullmq: typeof BullMq;
  readonly ioredis: Pick<typeof IoRedis, "Redis">;
}> {
  try {
    return { bullmq: await import("bullmq"), ioredis: await import("ioredis") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError(
      `Campaigns over several machines need two more packages. Add them with: npm install ${PACKAGES}`,
    );
  }
}

function refusal({ text }: QueueAddress, message: string): UsageError | undefined {
  if (!/NOAUTH|WRONGPASS/.test(message)) return undefined;
  const reason = /NOAUTH/.test(message) ? "it asks for a password" : "the user or the password is wrong";
  return new UsageError(
    `The server at ${text} lets nobody in: ${reason}. Give user and password: redis://USER:PASSWORD@HOST.`,
  );
}

function unreachable({ text, port }: QueueAddress, cause: string): UsageError {
  return new UsageError(
    `No Redis server answers at ${text} (${cause}). To have one: sudo apt-get install redis-server, and then ` +
      `redis-server --bind 127.0.0.1 --port ${port} --appendonly yes --dir DIRECTORY`,
  );
}

/** That the server is away is said once, by the connection; that a shard has gone to somebody else, once for each. */
function teller(): (error: Error) => void {
  const lost = new Set<string>();
  return ({ message }) => {
    if (/ECONN|ENOTFOUND|ETIMEDOUT|EPIPE|[Cc]onnection is closed|LOADING/.test(message)) return;
    const name = /\block\b.* for job (\S+?)\.?(?: |$)/i.exec(message)?.[1];
    if (name === undefined) warn(`The queue: ${message}`);
    else if (!lost.has(name)) warn(`Was not heard of in time while at ${name}: another worker does it, too`);
    if (name !== undefined) lost.add(name);
  };
}
