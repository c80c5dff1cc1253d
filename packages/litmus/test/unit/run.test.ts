/** Running tests: what instructions do, and results the way herd prints them. */

import { litmusText, parseLitmus, runLitmus, type LitmusResult } from "@mmrace/litmus";
import type { MemoryModel } from "@mmrace/scheduler";
import { describe, expect, test } from "vitest";

function run(text: string, memory: MemoryModel = "tso"): LitmusResult {
  return runLitmus(parseLitmus(text, "test.litmus"), { memory });
}

const SB = `X86_64 SB
{ }
 P0            | P1            ;
 movq $1,(x)   | movq $1,(y)   ;
 movq (y),%rax | movq (x),%rax ;
exists (0:rax=0 /\\ 1:rax=0)
`;

describe("store buffering", () => {
  test("under tso", () => {
    expect(litmusText(run(SB))).toBe(`Test SB Allowed
States 4
0:rax=0; 1:rax=0;
0:rax=0; 1:rax=1;
0:rax=1; 1:rax=0;
0:rax=1; 1:rax=1;
Ok
Witnesses
Positive: 1 Negative: 3
Condition exists (0:rax=0 /\\ 1:rax=0)
Observation SB Sometimes 1 3`);
  });

  test("under sc", () => {
    expect(litmusText(run(SB, "sc"))).toBe(`Test SB Allowed
States 3
0:rax=0; 1:rax=1;
0:rax=1; 1:rax=0;
0:rax=1; 1:rax=1;
No
Witnesses
Positive: 0 Negative: 3
Condition exists (0:rax=0 /\\ 1:rax=0)
Observation SB Never 0 3`);
  });

  test("other quantifiers turn the verdict round", () => {
    const never = run(SB.replace("exists", "~exists"), "sc");
    expect([never.isOk, litmusText(never)]).toEqual([
      true,
      expect.stringContaining("Positive: 3 Negative: 0"),
    ]);
    expect(litmusText(never)).toContain("Test SB Forbidden");
    expect(run(SB.replace("exists", "~exists"), "tso").isOk).toBe(false);
    const all = run(SB.replace("exists (0:rax=0 /\\ 1:rax=0)", "forall (0:rax=1 \\/ 1:rax=1)"), "sc");
    expect([all.isOk, all.observation]).toEqual([true, "Always"]);
    expect(litmusText(all)).toContain("Test SB Required");
  });

  test("a filter leaves executions out", () => {
    const { states } = run(SB.replace("exists", "filter (0:rax=0) exists"));
    expect(states).toHaveLength(2);
  });
});

describe("instructions of one thread", () => {
  test.each([
    ["movq $7,%rax ; movq %rax,(x)", "0:rax=7 /\\ x=7"],
    ["movq $-1,%rax ; movl $-1,%ebx", "0:rax=-1 /\\ 0:rbx=-1"],
    ["addq $2,(x) ; subq $5,(x)", "x=-3"],
    ["movq $12,%rax ; andq $10,%rax ; orq $1,%rax ; xorq $3,%rax", "0:rax=10"],
    ["incq (x) ; incq (x) ; decq (x) ; negq (x) ; notq (x)", "x=0"],
    ["movq $5,%rax ; xchgq %rax,(x) ; xchgq (x),%rax", "0:rax=5 /\\ x=0"],
    ["movq $5,%rax ; movq $6,%rbx ; xchgq %rax,%rbx", "0:rax=6 /\\ 0:rbx=5"],
    ["movq $3,%rcx ; lock cmpxchgq %rcx,(x)", "x=3 /\\ 0:rax=0"],
    ["movq $1,%rax ; movq $3,%rcx ; lock cmpxchgq %rcx,(x)", "x=0 /\\ 0:rax=0"],
    ["movq $3,%rcx ; cmpxchgq (x),%rcx", "x=3"],
    ["movq $2,%rax ; lock xaddq %rax,(x) ; lock xaddq %rax,(x)", "x=2 /\\ 0:rax=2"],
    ["movq $2,%rax ; xaddq %rax,(x)", "x=2 /\\ 0:rax=0"],
    ["movl $2147483647,(x) ; lock incl (x)", "x=-2147483648"],
    ["movq $x,%rdi ; movq $9,(%rdi) ; movq (%rdi),%rax", "0:rax=9 /\\ x=9"],
    ["movq $1,x(%rip) ; sfence ; lfence ; nop ; endbr64", "x=1"],
  ])("%s", (instructions, proposition) => {
    const rows = instructions.split(" ; ").join(" ;\n");
    for (const memory of ["sc", "tso"] as const) {
      const { observation, states } = run(
        `X86_64 one\n{ }\nP0 ;\n${rows} ;\nforall (${proposition})\n`,
        memory,
      );
      expect([states, observation]).toEqual([states, "Always"]);
    }
  });

  test("a register without an address is no pointer", () => {
    expect(() => run("X86_64 one\n{ 0:rdi=4; }\nP0 ;\nmovq (%rdi),%rax ;\nexists (0:rax=0)\n")).toThrow(
      /P0 uses rdi as an address, but it holds 4\. Give it one, as in \{ 0:rdi=x; \}/,
    );
  });
});

describe("atomicity", () => {
  const both = (instruction: string): string =>
    `X86_64 two\n{ }\nP0 | P1 ;\n${instruction} | ${instruction} ;\nforall (x=2)\n`;

  test("a locked increment loses none, an unlocked one does", () => {
    expect(run(both("lock incq (x)"), "sc")).toMatchObject({ isOk: true, positive: 2 });
    // Two reads, two writes: the published number of traces of two increments that are not atomic.
    expect(run(both("incq (x)"), "sc")).toMatchObject({ isOk: false, positive: 2, negative: 2 });
  });

  test("a failed compare and exchange writes nothing", () => {
    const litmus = `X86_64 cas\n{ 0:rcx=1; 1:rcx=2; }\nP0 | P1 ;\nlock cmpxchgq %rcx,(x) | lock cmpxchgq %rcx,(x) ;\nforall (x=1 \\/ x=2)\n`;
    expect(run(litmus, "sc")).toMatchObject({
      isOk: true,
      positive: 2,
      states: [{ candidates: 1 }, { candidates: 1 }],
    });
  });
});
