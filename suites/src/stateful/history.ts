/**
 * What clients of a register have asked and been told, and in which order: enough to say whether the register is linearizable
 * (Herlihy and Wing, TOPLAS 1990).
 */

import { SharedObject } from "@mmrace/scheduler";
import type { Message } from "./network.ts";

/** The value of a register that nobody has written. */
export const UNWRITTEN = "";

/** What a client asks of a register, and what it is told. */
export type RegisterMessage =
  | { readonly kind: "put"; readonly request: number; readonly value: string }
  | { readonly kind: "get"; readonly request: number }
  | { readonly kind: "putOk"; readonly request: number }
  | { readonly kind: "getOk"; readonly request: number; readonly value: string };

interface Call {
  /** What it writes; `undefined` if it reads. */
  readonly written: string | undefined;
  /** How many calls of each client had returned before it was made. */
  readonly after: readonly number[];
}

interface ReturnedCall extends Call {
  readonly read: string | undefined;
}

/** The calls of so many clients. */
export class History extends SharedObject {
  readonly #firstClient: number;
  readonly #returned: ReturnedCall[][];
  readonly #open: (Call | undefined)[];

  constructor(firstClient: number, clients: number) {
    super("history");
    this.#firstClient = firstClient;
    this.#returned = Array.from({ length: clients }, () => []);
    this.#open = this.#returned.map(() => undefined);
  }

  override stateValue(): unknown {
    return [this.#returned, this.#open];
  }

  /** A client sends a message. */
  onSending(actor: number, message: Message): void {
    const { kind, value } = message as RegisterMessage & { readonly value?: string };
    if (kind !== "put" && kind !== "get") return;
    const client = actor - this.#firstClient;
    const after = this.#returned.map(({ length }, other) => (other === client ? 0 : length));
    this.#open[client] = { written: kind === "put" ? value : undefined, after };
  }

  /** A message gets to a client. */
  onArrival(actor: number, message: Message): void {
    const { kind, value } = message as RegisterMessage & { readonly value?: string };
    if (kind !== "putOk" && kind !== "getOk") return;
    const client = actor - this.#firstClient;
    this.#returned[client]!.push({ ...this.#open[client]!, read: kind === "getOk" ? value : undefined });
    this.#open[client] = undefined;
  }

  /** Whether the calls can be put into one order that explains all that was read, calls that overlap in either order. */
  get isLinearizable(): boolean {
    return this.#canExplain(
      this.#returned.map(() => 0),
      UNWRITTEN,
    );
  }

  /** @param done of each client, how many calls have their place already. Calls that are open may have one, or none yet. */
  #canExplain(done: readonly number[], value: string): boolean {
    if (done.every((count, client) => count >= this.#returned[client]!.length)) return true;
    return done.some((count, client) => {
      const returned = this.#returned[client]![count];
      const call = returned ?? (count === this.#returned[client]!.length ? this.#open[client] : undefined);
      if (call === undefined || call.after.some((before, other) => done[other]! < before)) return false;
      if (returned !== undefined && returned.written === undefined && returned.read !== value) return false;
      return this.#canExplain(done.with(client, count + 1), call.written ?? value);
    });
  }
}
