/** A user of @mmrace/litmus alone: store buffering, which only buffers allow. */

import { litmusText, parseLitmus, runLitmus } from "@mmrace/litmus";

const sb = parseLitmus(
  `X86_64 SB
{ }
 P0            | P1            ;
 movq $1,(x)   | movq $1,(y)   ;
 movq (y),%rax | movq (x),%rax ;
exists (0:rax=0 /\\ 1:rax=0)`,
  "SB.litmus",
);
const counts = (["sc", "tso"] as const).map((memory) => runLitmus(sb, { memory }).states.length);
if (counts.join() !== "3,4") throw new Error(`expected 3 and 4 final states, found ${counts.join()}`);
console.log(litmusText(runLitmus(sb, { memory: "tso" })));
