/** What models and packages must not contain: bare `yield`, closures of steps, clocks, foreign randomness. */

import ts from "typescript";
import { CLOCK_FILES, PLAIN_GENERATORS } from "../house.ts";
import type { Problem, SourceFile } from "../source-file.ts";
import { isWrapper, parse, problemAt, unwrapped, walk } from "../syntax.ts";

const MODELS = /^(packages\/(locks|mm|scheduler)\/(src|test)|suites|bench)\/.*\.ts$/;
const SOURCES = /^(packages\/[^/]+\/src|apps\/[^/]+\/(src|fuzz))\/.*\.ts$/;

/** The result of a bare `yield` has no type, and the engine would not understand it: models use `yield*` only. */
export function bareYields(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(({ path }) => MODELS.test(path) && !PLAIN_GENERATORS.includes(path))
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

const STEPS = /^packages\/(locks|mm)\/src\/.*\.ts$/;

/**
 * A generator function that is made while an execution runs: V8 gives each one a hidden class of its own in the old heap,
 * which keeps all that it closes over, the whole world, from the collector of young objects.
 */
export function closuresOfSteps(files: readonly SourceFile[]): Problem[] {
  return files.filter(({ path }) => STEPS.test(path)).flatMap(closuresOfStepsIn);
}

function closuresOfStepsIn(file: SourceFile): Problem[] {
  const problems: Problem[] = [];
  walk(parse(file), (node) => {
    if (isGenerator(node) && ts.findAncestor(node.parent, isRunPerExecution) !== undefined)
      problems.push(problemAt(node, "generator function made in every execution: name it at the top level"));
  });
  return problems;
}

function isGenerator(node: ts.Node): boolean {
  return "asteriskToken" in node && node.asteriskToken !== undefined && !ts.isYieldExpression(node);
}

function isRunPerExecution(node: ts.Node): boolean {
  return isGenerator(node) || ts.isConstructorDeclaration(node);
}

/** Globals that make two runs differ: the members to avoid, or the whole object. */
const BANNED: Readonly<Record<string, readonly string[] | "all">> = {
  Date: "all",
  performance: "all",
  setTimeout: "all",
  setInterval: "all",
  setImmediate: "all",
  crypto: "all",
  Math: ["random"],
  process: ["hrtime", "cpuUsage", "uptime"],
  globalThis: [],
};

const BANNED_MODULES = /^(node:)?(perf_hooks|timers|timers\/promises|crypto)$/;

/** An application yields to the event loop, and names files by their hash; neither changes a result. */
const ALLOWED_IN_APPS = /^setImmediate$|^createHash$/;

/** Packages are deterministic; an application reads the clock in one file. */
export function clocksAndRandomness(files: readonly SourceFile[]): Problem[] {
  return files.filter(({ path }) => SOURCES.test(path) && !CLOCK_FILES.includes(path)).flatMap(bannedIn);
}

function bannedIn(file: SourceFile): Problem[] {
  const isApp = file.path.startsWith("apps/");
  const problems: Problem[] = [];
  walk(parse(file), (node) => {
    for (const name of [...bannedImports(node), ...bannedGlobals(node)]) {
      if (isApp && ALLOWED_IN_APPS.test(name)) continue;
      problems.push(problemAt(node, `${name} makes runs differ: use Prng, or take it as an argument`));
    }
  });
  return problems;
}

function bannedImports(node: ts.Node): readonly string[] {
  if (!ts.isImportDeclaration(node) || !ts.isStringLiteral(node.moduleSpecifier)) return [];
  const { text } = node.moduleSpecifier;
  if (!BANNED_MODULES.test(text)) return [];
  const named = node.importClause?.namedBindings;
  const isList = named !== undefined && ts.isNamedImports(named);
  return isList ? named.elements.map(({ name, propertyName }) => (propertyName ?? name).text) : [text];
}

/** The banned name that a node uses as a value, if any: `Date`, `Math.random`, also through `globalThis`. */
function bannedGlobals(node: ts.Node): readonly string[] {
  const object = globalName(node);
  const banned = object === undefined ? undefined : BANNED[object];
  if (object === undefined || banned === undefined) return [];
  if (banned === "all") return [object];
  const member = memberUsed(node);
  // Passed around as a whole, the object hides what is used of it.
  if (member === undefined) return [`${object} as a value`];
  return banned.includes(member) ? [`${object}.${member}`] : [];
}

/** The name of the global that an expression stands for. */
function globalName(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return isUse(node) ? node.text : undefined;
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return undefined;
  const object = unwrapped(node.expression);
  return ts.isIdentifier(object) && object.text === "globalThis" ? memberUsed(node.expression) : undefined;
}

/** Which member of an expression is used right where it stands: `b` of `a.b` and of `a["b"]`. */
function memberUsed(node: ts.Node): string | undefined {
  const { parent } = node;
  if (isWrapper(parent)) return memberUsed(parent);
  if (ts.isPropertyAccessExpression(parent)) return parent.name.text;
  if (!ts.isElementAccessExpression(parent)) return undefined;
  return ts.isStringLiteral(parent.argumentExpression) ? parent.argumentExpression.text : undefined;
}

/** Whether an identifier stands for a value of that name, and is not a property, a type or a declaration. */
function isUse(node: ts.Identifier): boolean {
  const parent = node.parent as ts.Node &
    Readonly<Record<"name" | "propertyName" | "typeName", ts.Node | undefined>>;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  return ![parent.name, parent.propertyName, parent.typeName].includes(node);
}
