/** The address of a queue's server. */

import { UsageError } from "@mmrace/scheduler";

const EXAMPLE = "redis://127.0.0.1:6379";
const PORT_DEFAULT = 6379;

/** Where the server is. */
export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly isEncrypted: boolean;
  /** For messages: without the password. */
  readonly text: string;
}

/**
 * Reads an address.
 *
 * @param allowsRemote whether the server may be on another machine: whoever reaches it can read and change the campaign.
 * @throws {UsageError} on anything but `redis://` or `rediss://`, and on another machine that was not asked for.
 */
export function queueAddress(text: string, allowsRemote: boolean): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol) || url.hostname === "")
    throw new UsageError(
      `--queue ${withoutPassword(text)} is no address of a Redis server, such as ${EXAMPLE}.`,
    );
  const path = /^\/?(\d*)$/.exec(url.pathname);
  if (path === null)
    throw new UsageError(`--queue: ${url.pathname} is no number of a database, such as in ${EXAMPLE}/2.`);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? PORT_DEFAULT : Number(url.port);
  if (!allowsRemote && !isLoopback(host))
    throw new UsageError(
      `--queue: ${host} is not this machine, and whoever reaches the server can read and change the campaign. ` +
        "Say --allow-remote if that is meant, and have the server ask for a password.",
    );
  return {
    host,
    port,
    database: Number(path[1]),
    username: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: url.password === "" ? undefined : decodeURIComponent(url.password),
    isEncrypted: url.protocol === "rediss:",
    text: `${url.protocol}//${url.host}${url.pathname}`,
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/.*@/, "//");
}
