/** A register that each server has a copy of, and that servers do not talk about: right with one server only. */

import type { Message } from "./network.ts";
import type { RegisterMessage } from "./history.ts";
import { UNWRITTEN } from "./history.ts";
import type { Server } from "./register.ts";

/** A server that answers by itself. */
export function singleCopy(): Server<string, Message> {
  return {
    start: UNWRITTEN,
    receive(value, from, message) {
      const asked = message as RegisterMessage;
      if (asked.kind === "put")
        return { state: asked.value, sent: [[from, { kind: "putOk", request: asked.request }]] };
      if (asked.kind === "get")
        return { state: value, sent: [[from, { kind: "getOk", request: asked.request, value }]] };
      return undefined;
    },
  };
}
