/** Reading tests: what herd accepts, and errors that say where and what is known. */

import { conditionText, parseLitmus, type LitmusTest } from "@mmrace/litmus";
import { UsageError } from "@mmrace/scheduler";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const SB = `X86_64 SB
"Fre PodWR Fre PodWR"
Cycle=Fre PodWR Fre PodWR
Relax=
{ uint64_t x; uint64_t y; uint64_t 0:rax; }
 P0            | P1            ;
 movq $1,(x)   | movq $1,(y)   ; (* the stores *)
 movq (y),%rax | movq (x),%rax ;
locations [x; y;]
exists (0:rax=0 /\\ 1:rax=0)
`;

/** A test of one thread. */
function single(
  instructions: string,
  rest: Partial<{ init: string; condition: string; syntax: string }> = {},
): string {
  const { init = "", condition = "exists ([x]=0)", syntax = "X86_64" } = rest;
  return `${syntax} one\n{ ${init} }\nP0 ;\n${instructions} ;\n${condition}\n`;
}

function instructionsOf(text: string, syntax: string = "X86_64"): LitmusTest["threads"][number] {
  return parseLitmus(single(text, { syntax }), "one.litmus").threads[0]!;
}

describe("a test", () => {
  test("has a header, columns, locations and a condition", () => {
    const litmus = parseLitmus(SB, "SB.litmus");
    expect(litmus).toMatchObject({ name: "SB", syntax: "X86_64", documentation: "Fre PodWR Fre PodWR" });
    expect(litmus.threads.map((code) => code.map(({ mnemonic, width }) => `${mnemonic} ${width}`))).toEqual([
      ["mov 64", "mov 64"],
      ["mov 64", "mov 64"],
    ]);
    expect(conditionText(litmus.condition)).toBe("exists (0:rax=0 /\\ 1:rax=0)");
    expect(litmus.shown.map((place) => (place.kind === "location" ? place.name : place.spelling))).toEqual([
      "rax",
      "rax",
      "x",
      "y",
    ]);
  });

  test("may be spelled as for 32 bits, destination first", () => {
    const [store, load, fence] = instructionsOf("MOV [x],$1 ;\nMOV EAX,[y] ;\nMFENCE", "X86");
    expect(store).toEqual({
      mnemonic: "mov",
      isLocked: false,
      width: 32,
      source: { kind: "immediate", value: 1n },
      destination: { kind: "location", name: "x" },
    });
    expect(load!.destination).toEqual({ kind: "register", name: "rax" });
    expect(fence!.mnemonic).toBe("mfence");
  });

  test("may have initial values, addresses, empty cells and a lock prefix with a semicolon", () => {
    const litmus = parseLitmus(
      "X86_64 two\n{ x=5; int y=-1; 0:rdi=x; 1:rsi=&y }\n P0 | P1 ;\n movl (%rdi),%eax | ;\n | lock; incl (%rsi) ;\nforall (0:eax=5)\n",
      "two.litmus",
    );
    expect(litmus.initial.map(([, value]) => value)).toEqual([5n, -1n, "x", "y"]);
    expect(litmus.threads[1]).toEqual([
      { mnemonic: "inc", isLocked: true, width: 32, destination: { kind: "pointer", register: "rsi" } },
    ]);
  });

  test.each([
    ["exists (x=1 /\\ (0:rax=0 \\/ ~0:rbx=1))", "exists ([x]=1 /\\ (0:rax=0 \\/ ~(0:rbx=1)))"],
    ["~exists ([x]=1)", "~exists ([x]=1)"],
    ["forall (true)", "forall (true)"],
    ["filter ([y]=0) exists (0:EAX=-1)", "exists (0:EAX=-1)"],
    ["exists (x=1 /\\ y=2 \\/ x=3)", "exists (([x]=1 /\\ [y]=2) \\/ [x]=3)"],
  ])("condition %s", (text, shown) => {
    expect(conditionText(parseLitmus(single("nop", { condition: text }), "one.litmus").condition)).toBe(
      shown,
    );
  });
});

describe("what is wrong is named, with its place", () => {
  test.each([
    [
      single("movq $1,(x) ;\nvmovaps (x),%rax"),
      /^one\.litmus:5:1: unknown instruction "vmovaps"; known are mov, add/,
    ],
    [single("movw $1,(x)"), /unknown instruction "movw"/],
    [single("jmp L"), /unknown instruction "jmp"/],
    [single("movq $1,(%xmm0)"), /one\.litmus:4:9: unknown register "%xmm0"/],
    [single("movq (x)"), /movq takes 2 operands, not 1/],
    [single("movq (x),(y)"), /mov has two memory operands/],
    [single("movq (x),$1"), /mov cannot write to a constant/],
    [single("movq x,%rax"), /"x" is no register; a location stands in brackets/],
    [single("movq 8(%rax),%rbx"), /offsets from addresses are not known/],
    [single("lock movq $1,(x)"), /movq cannot have a lock prefix/],
    [single("lock incq %rax"), /lock inc needs a memory operand/],
    [single("lock xaddq $1,(x)"), /xadd adds a register/],
    [single("nop", { condition: "" }), /expected exists, ~exists or forall/],
    [single("nop", { condition: "exist (x=1)" }), /unknown instruction "exist"/],
    [single("nop", { condition: "exists (x=1" }), /expected "\)" after the proposition, found "the end"/],
    [single("nop", { condition: "exists (x=1) and more" }), /did not expect "and more" after the condition/],
    [single("nop", { condition: "exists (1:rax=1)" }), /there is no thread 1; the test has 1/],
    [single("nop", { init: "x=" }), /expected a value/],
    ["AArch64 MP\n{ }\n", /starts with X86_64 or X86 and its name, not with "AArch64"/],
    ["", /starts with X86_64/],
    ["X86_64 a\n{ x=1; ", /the initial values have no end/],
    ["X86_64 a\n{ }\nP0 | P2 ;\n", /expected P1, found P2/],
    ["X86_64 a\n{ }\nP0 | P1 ;\nnop ;\n", /expected "\|" between column 0 and 1, found ";"/],
    ["X86_64 a\n(* never closed { }", /:2:1: a comment is not closed/],
  ])("%j", (text, message) => {
    expect(() => parseLitmus(text, "one.litmus")).toThrow(UsageError);
    expect(() => parseLitmus(text, "one.litmus")).toThrow(message);
  });

  test("damaged files never end in anything but a usage error", () => {
    const damage = fc.tuple(fc.nat(SB.length), fc.nat(8), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
        let text = SB;
        for (const [at, length, put] of damages) text = text.slice(0, at) + put + text.slice(at + length);
        try {
          parseLitmus(text, "damaged.litmus");
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { seed: 4, numRuns: 3000 },
    );
  });
});
