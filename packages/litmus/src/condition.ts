/** Final conditions of litmus tests: `exists (0:rax=0 /\ [x]=1)`. */

import type { TextReader } from "./text-reader.ts";
import { parseNumber, registerOf, type Value } from "./value.ts";

/** A register of a thread, or a location. */
export type Place =
  | { readonly kind: "register"; readonly thread: number; readonly name: string; readonly spelling: string }
  | { readonly kind: "location"; readonly name: string };

export type Proposition =
  | { readonly kind: "is"; readonly place: Place; readonly value: Value }
  | { readonly kind: "not"; readonly inner: Proposition }
  | { readonly kind: "and" | "or"; readonly parts: readonly Proposition[] }
  | { readonly kind: "true" | "false" };

/** `exists` asks whether some final state satisfies the proposition, `~exists` that none does, `forall` that all do. */
export type Quantifier = "exists" | "~exists" | "forall";

export interface Condition {
  readonly quantifier: Quantifier;
  readonly proposition: Proposition;
}

/** Whether a final state, told by the value of each place, satisfies a proposition. */
export function holds(proposition: Proposition, look: (place: Place) => Value): boolean {
  switch (proposition.kind) {
    case "is":
      return look(proposition.place) === proposition.value;
    case "not":
      return !holds(proposition.inner, look);
    case "and":
      return proposition.parts.every((part) => holds(part, look));
    case "or":
      return proposition.parts.some((part) => holds(part, look));
    case "true":
    case "false":
      return proposition.kind === "true";
  }
}

/** The places that a proposition is about, each once, in the order in which they come. */
export function placesOf(proposition: Proposition): readonly Place[] {
  const all = new Map<string, Place>();
  const visit = (part: Proposition): void => {
    if (part.kind === "is") all.set(placeText(part.place), all.get(placeText(part.place)) ?? part.place);
    if (part.kind === "not") visit(part.inner);
    if (part.kind === "and" || part.kind === "or") part.parts.forEach(visit);
  };
  visit(proposition);
  return [...all.values()];
}

/** `0:rax`, or `[x]`. */
export function placeText(place: Place): string {
  return place.kind === "register" ? `${place.thread}:${place.spelling}` : `[${place.name}]`;
}

/** A condition as herd prints it. */
export function conditionText({ quantifier, proposition }: Condition): string {
  return `${quantifier} (${propositionText(proposition)})`;
}

function propositionText(proposition: Proposition): string {
  switch (proposition.kind) {
    case "is":
      return `${placeText(proposition.place)}=${proposition.value}`;
    case "not":
      return `~(${propositionText(proposition.inner)})`;
    case "and":
    case "or": {
      const sign = proposition.kind === "and" ? " /\\ " : " \\/ ";
      const inParentheses = (part: Proposition): boolean => part.kind === "and" || part.kind === "or";
      return proposition.parts
        .map((part) => (inParentheses(part) ? `(${propositionText(part)})` : propositionText(part)))
        .join(sign);
    }
    case "true":
    case "false":
      return proposition.kind;
  }
}

/** Reads a condition with its quantifier. */
export function parseCondition(reader: TextReader): Condition {
  const word =
    reader.match(/~\s*exists\b|exists\b|forall\b/) ?? reader.fail("expected exists, ~exists or forall");
  const proposition = parseProposition(reader);
  return { quantifier: word.startsWith("~") ? "~exists" : (word as Quantifier), proposition };
}

/** Reads a proposition; `/\` binds closer than `\/`. */
export function parseProposition(reader: TextReader): Proposition {
  return joined(reader, "or", "\\/", () => joined(reader, "and", "/\\", () => parseAtom(reader)));
}

function joined(
  reader: TextReader,
  kind: "and" | "or",
  sign: string,
  parsePart: () => Proposition,
): Proposition {
  const parts = [parsePart()];
  while (reader.accept(sign)) parts.push(parsePart());
  return parts.length === 1 ? parts[0]! : { kind, parts };
}

function parseAtom(reader: TextReader): Proposition {
  if (reader.accept("~") || reader.match(/not\b/) !== undefined)
    return { kind: "not", inner: parseAtom(reader) };
  if (reader.accept("(")) {
    const inner = parseProposition(reader);
    reader.expect(")", "after the proposition");
    return inner;
  }
  const constant = reader.match(/(?:true|false)\b/);
  if (constant !== undefined) return { kind: constant as "true" | "false" };
  const place = parsePlace(reader);
  reader.expect("=", `after ${placeText(place)}`);
  return { kind: "is", place, value: parseValue(reader) };
}

/** Reads `0:rax`, `x` or `[x]`. */
export function parsePlace(reader: TextReader): Place {
  const at = reader.position;
  const thread = reader.match(/P?\d+(?=\s*:)/);
  if (thread !== undefined) {
    reader.expect(":", "after the number of a thread");
    const spelling = reader.match(/%?[A-Za-z]\w*/) ?? reader.fail("expected a register");
    const register = registerOf(spelling) ?? reader.fail(`unknown register "${spelling}"`, at);
    const number = Number(thread.replace("P", ""));
    return { kind: "register", thread: number, name: register.name, spelling: spelling.replace("%", "") };
  }
  const isBracketed = reader.accept("[");
  const name =
    reader.match(/[A-Za-z_]\w*/) ?? reader.fail("expected a location or a register such as 0:rax", at);
  if (isBracketed) reader.expect("]", "after the location");
  return { kind: "location", name };
}

/** Reads a number, or the name of a location whose address is meant. */
export function parseValue(reader: TextReader): Value {
  const number = reader.match(/-?(?:0x[0-9a-fA-F]+|\d+)/);
  if (number !== undefined) return parseNumber(number);
  return reader.match(/&?[A-Za-z_]\w*/)?.replace("&", "") ?? reader.fail("expected a value");
}
