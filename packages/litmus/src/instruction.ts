/**
 * Instructions of litmus tests: the part of x86 that tests about memory use. herd knows two spellings, and so do we:
 * under the header `X86_64` the source comes first (`movl $1,(x)`), under `X86` the destination (`MOV [x],$1`).
 */

import type { TextReader } from "./text-reader.ts";
import { parseNumber, registerOf, type Value, type Width } from "./value.ts";

/** Where an instruction finds or puts a value. */
export type Operand =
  | { readonly kind: "immediate"; readonly value: Value }
  | { readonly kind: "register"; readonly name: string }
  /** A location by its name. */
  | { readonly kind: "location"; readonly name: string }
  /** The location whose address a register holds. */
  | { readonly kind: "pointer"; readonly register: string };

/** Operations of two operands that change the second by the first; and of one. */
const ARITHMETIC = ["add", "sub", "and", "or", "xor"] as const;
const UNARY = ["inc", "dec", "neg", "not"] as const;
const EXCHANGES = ["xchg", "cmpxchg", "xadd"] as const;
const BARE = ["mfence", "sfence", "lfence", "nop", "endbr64"] as const;

type Two = "mov" | (typeof ARITHMETIC)[number] | (typeof EXCHANGES)[number];
export type Mnemonic = Two | (typeof UNARY)[number] | (typeof BARE)[number];

/** One instruction. `source` is absent where there is one operand; both are where there is none. */
export interface Instruction {
  readonly mnemonic: Mnemonic;
  readonly isLocked: boolean;
  readonly width: Width;
  readonly source?: Operand;
  readonly destination?: Operand;
}

/** How an instruction set is spelled. */
export type Syntax = "X86_64" | "X86";

const KNOWN: readonly Mnemonic[] = ["mov", ...ARITHMETIC, ...UNARY, ...EXCHANGES, ...BARE];
const LOCKABLE: readonly string[] = [...ARITHMETIC, ...UNARY, ...EXCHANGES];

/** Reads one instruction, which is all of the reader's text. @throws {UsageError} that names what is not known. */
export function parseInstruction(reader: TextReader, syntax: Syntax): Instruction {
  const isLocked = reader.match(/lock\b/i) !== undefined;
  if (isLocked) reader.accept(";");
  const at = reader.position;
  const word =
    reader.match(/[A-Za-z_]\w*/) ?? reader.fail(`expected an instruction, found "${reader.line()}"`);
  const { mnemonic, suffix } = mnemonicOf(word) ?? reader.fail(unknown(word), at);
  if (isLocked && !LOCKABLE.includes(mnemonic)) reader.fail(`${word} cannot have a lock prefix`, at);
  const operands = parseOperands(reader);
  const wanted = operandCount(mnemonic);
  if (operands.length !== wanted) reader.fail(`${word} takes ${wanted} operands, not ${operands.length}`, at);
  const width = suffix ?? narrowest(operands) ?? (syntax === "X86" ? 32 : 64);
  const [first, second] = operands.map(({ operand }) => operand);
  const common = { mnemonic, isLocked, width };
  if (first === undefined) return common;
  if (second === undefined) return checked(reader, at, { ...common, destination: first });
  const isTurned = syntax === "X86" || (mnemonic === "cmpxchg" && first.kind !== "register");
  const [source, destination] = isTurned ? [second, first] : [first, second];
  return checked(reader, at, { ...common, source, destination });
}

function unknown(word: string): string {
  return `unknown instruction "${word}"; known are ${KNOWN.join(", ")}, with the suffixes l and q, and lock before some`;
}

/** `movq` is `mov` of 64 bits; `dec` ends in no suffix. */
function mnemonicOf(word: string): { readonly mnemonic: Mnemonic; readonly suffix?: Width } | undefined {
  const lower = word.toLowerCase();
  const find = (text: string): Mnemonic | undefined => KNOWN.find((known) => known === text);
  const plain = find(lower);
  if (plain !== undefined) return { mnemonic: plain };
  const stem = find(lower.slice(0, -1));
  if (stem === undefined || !/[lq]$/.test(lower)) return undefined;
  return { mnemonic: stem, suffix: lower.endsWith("q") ? 64 : 32 };
}

function operandCount(mnemonic: Mnemonic): number {
  if ((BARE as readonly string[]).includes(mnemonic)) return 0;
  return (UNARY as readonly string[]).includes(mnemonic) ? 1 : 2;
}

interface Spelled {
  readonly operand: Operand;
  readonly width?: Width;
}

function parseOperands(reader: TextReader): readonly Spelled[] {
  if (reader.isAtEnd) return [];
  const operands = [parseOperand(reader)];
  while (reader.accept(",")) operands.push(parseOperand(reader));
  if (!reader.isAtEnd) reader.fail(`did not expect "${reader.line()}" here`);
  return operands;
}

function parseOperand(reader: TextReader): Spelled {
  const at = reader.position;
  const number = reader.match(/\$?-?(?:0x[0-9a-f]+|\d+)/i);
  if (number !== undefined) {
    if (/[([]/.test(reader.match(/(?=[([])./) ?? "")) reader.fail("offsets from addresses are not known", at);
    return { operand: { kind: "immediate", value: parseNumber(number.replace("$", "")) } };
  }
  const address = reader.match(/\$[A-Za-z_]\w*/);
  if (address !== undefined) return { operand: { kind: "immediate", value: address.slice(1) } };
  const open = reader.match(/[([]/);
  const word =
    reader.match(/%?[A-Za-z_]\w*/) ?? reader.fail(`expected an operand, found "${reader.line()}"`, at);
  const register = registerOf(word);
  if (register === undefined && word.startsWith("%")) reader.fail(`unknown register "${word}"`, at);
  if (open === undefined) {
    if (register !== undefined)
      return { operand: { kind: "register", name: register.name }, width: register.width };
    if (reader.accept("(%rip)")) return { operand: { kind: "location", name: word } };
    return reader.fail(
      `"${word}" is no register; a location stands in brackets, as [${word}] or (${word})`,
      at,
    );
  }
  reader.expect(open === "(" ? ")" : "]", "after the address");
  if (register !== undefined) return { operand: { kind: "pointer", register: register.name } };
  return { operand: { kind: "location", name: word } };
}

function narrowest(operands: readonly Spelled[]): Width | undefined {
  const widths = operands.flatMap(({ width }) => (width === undefined ? [] : [width]));
  return widths.includes(32) ? 32 : widths[0];
}

function checked(reader: TextReader, at: number, instruction: Instruction): Instruction {
  const { mnemonic, source, destination, isLocked } = instruction;
  if (destination?.kind === "immediate") reader.fail(`${mnemonic} cannot write to a constant`, at);
  if (isMemory(source) && isMemory(destination))
    reader.fail(`${mnemonic} has two memory operands; x86 allows one`, at);
  if (isLocked && !isMemory(destination) && !isMemory(source))
    reader.fail(`lock ${mnemonic} needs a memory operand`, at);
  if (mnemonic === "xadd" && source?.kind !== "register") reader.fail("xadd adds a register", at);
  return instruction;
}

/** Whether an operand stands for memory. */
export function isMemory(operand: Operand | undefined): boolean {
  return operand?.kind === "location" || operand?.kind === "pointer";
}
