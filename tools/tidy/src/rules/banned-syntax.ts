/** What models and packages must not contain: bare `yield`, clocks, foreign randomness. */

import ts from "typescript";
import { CLOCK_FILES } from "../house.ts";
import type { Problem, SourceFile } from "../source-file.ts";
import { parse, problemAt, walk } from "../syntax.ts";

/** The result of a bare `yield` has no type, and the engine would not understand it: models use `yield*` only. */
export function bareYields(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(({ path }) => /^packages\/(locks|mm)\/(src|test)\/.*\.ts$/.test(path))
    .flatMap(bareYieldsIn);
}

function bareYieldsIn(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  walk(parse(file), (node) => {
    if (ts.isYieldExpression(node) && node.asteriskToken === undefined)
      problems.push(problemAt(node, "bare yield: write yield*"));
  });
  return problems;
}

/** Globals that make two runs differ, with what to use instead. `undefined` bans the whole object. */
const BANNED: Readonly<Record<string, readonly string[] | undefined>> = {
  Date: undefined,
  performance: undefined,
  setTimeout: undefined,
  setInterval: undefined,
  setImmediate: undefined,
  crypto: undefined,
  Math: ["random"],
  process: ["hrtime", "cpuUsage"],
};

/** Packages are deterministic; an application reads the clock in one file. */
export function clocksAndRandomness(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(
      ({ path }) =>
        /^(packages\/[^/]+\/src|apps\/[^/]+\/(src|fuzz))\/.*\.ts$/.test(path) && !CLOCK_FILES.includes(path),
    )
    .flatMap(bannedIn);
}

function bannedIn(file: SourceFile): Problem[] {
  const isApp = file.path.startsWith("apps/");
  const problems: Problem[] = [];
  walk(parse(file), (node) => {
    const name = bannedName(node);
    // Applications wait for events and hash files; only results must not depend on when.
    const isTolerated = isApp && name !== undefined && /^(setImmediate|crypto)/.test(name);
    if (name !== undefined && !isTolerated)
      problems.push(problemAt(node, `${name} makes runs differ: use Prng, or take it as an argument`));
  });
  return problems;
}

/** `Math.random`, `globalThis.Date`, `Date`: the banned name that a node uses, if any. */
function bannedName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const object = node.expression.getText().replace(/^globalThis\./, "");
    const banned = BANNED[object];
    if (banned?.includes(node.name.text) === true) return `${object}.${node.name.text}`;
    if (object === "globalThis" && node.name.text in BANNED && BANNED[node.name.text] === undefined)
      return node.name.text;
    return undefined;
  }
  if (!ts.isIdentifier(node) || !(node.text in BANNED) || BANNED[node.text] !== undefined) return undefined;
  return isUse(node) ? node.text : undefined;
}

/** Whether an identifier stands for a value of that name, and is not a property, a type or a declaration. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return ts.isNewExpression(parent) || ts.isCallExpression(parent) || ts.isVariableDeclaration(parent);
}
