/**
 * A plugin for Babel, which translates the files of a user: it passes the result of every call through `made`, and looks
 * whether what is imported of our packages exists.
 */

import { nearest } from "./nearest.ts";

/** What is used of Babel's nodes and paths; Babel comes inside jiti, without types. */
interface Node {
  readonly type: string;
  readonly start?: number | null;
  readonly end?: number | null;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } } | null;
  readonly [field: string]: unknown;
}

interface NodePath {
  readonly node: Node;
  readonly parent: Node;
  readonly parentPath: NodePath | null;
  readonly scope: {
    getBinding(name: string): { readonly referencePaths: readonly NodePath[] } | undefined;
  };
  replaceWith(node: unknown): void;
  unshiftContainer(container: "body", node: unknown): void;
  skip(): void;
}

interface State {
  readonly file: { readonly code: string; readonly opts: { readonly sourceFileName: string } };
}

type Build = Readonly<Record<string, (...args: readonly unknown[]) => Node>>;

/** The name under which a translated file imports `made`. */
export const MADE_MODULE = "mmrace:made";

/** Who is told what is found. What a plugin throws is taken for a fault of the translation. */
export interface Findings {
  /** A file is translated. */
  readonly onFile: (file: string, text: string) => void;
  /** A file imports what does not exist. */
  readonly onProblem: (message: string) => void;
}

/**
 * The plugin.
 *
 * @param modules what files can import of ours, by specifier.
 */
export function instrument(
  modules: Readonly<Record<string, object>>,
  findings: Findings,
): (babel: { readonly types: Build }) => object {
  return ({ types }) => {
    const visitCall = (path: NodePath, state: State): void => passThroughMade(path, state, types);
    return {
      visitor: {
        Program(path: NodePath, { file }: State): void {
          findings.onFile(file.opts.sourceFileName, file.code);
          path.unshiftContainer("body", importOfMade(types));
        },
        ImportDeclaration(path: NodePath, { file }: State): void {
          missingImports(path, modules, file.opts.sourceFileName).forEach(findings.onProblem);
        },
        CallExpression: { exit: visitCall },
        OptionalCallExpression: { exit: visitCall },
      },
    };
  };
}

function importOfMade(types: Build): Node {
  const name = types["identifier"]!("made");
  const specifier = types["importSpecifier"]!(types["identifier"]!("mmraceMade"), name);
  return types["importDeclaration"]!([specifier], types["stringLiteral"]!(MADE_MODULE));
}

/** Nodes that we made have no place in the file. */
function passThroughMade(path: NodePath, { file }: State, types: Build): void {
  const { node } = path;
  const { type: callee } = node["callee"] as Node;
  if (node.loc === undefined || node.loc === null || callee === "Import" || callee === "Super") return;
  const use = useOf(path);
  if (use === "performed") return;
  const { line, column } = node.loc.start;
  const call = types["callExpression"]!(types["identifier"]!("mmraceMade"), [
    node,
    types["stringLiteral"]!(`${file.opts.sourceFileName}:${line}:${column + 1}`),
    types["stringLiteral"]!(file.code.slice(node.start ?? 0, node.end ?? 0).replaceAll(/\s+/g, " ")),
    types["booleanLiteral"]!(use === "used"),
  ]);
  path.replaceWith(call);
  path.skip();
}

/** Where the result of an expression goes: into a `yield*`; where it is looked at, or dropped; or where it is kept. */
function useOf(path: NodePath): "performed" | "used" | "kept" {
  const { node, parent, parentPath } = path;
  if (isPassedOn(node, parent)) return parentPath === null ? "kept" : useOf(parentPath);
  if (parent.type === "YieldExpression") return parent["delegate"] === true ? "performed" : "used";
  if (parent.type === "MemberExpression" || parent.type === "OptionalMemberExpression")
    return parent["object"] === node ? "used" : "kept";
  if (parent.type === "ForOfStatement") return parent["right"] === node ? "used" : "kept";
  return LOOKS_AT_IT.has(parent.type) ? "used" : "kept";
}

/** The parts of these statements and expressions that are expressions themselves are looked at or dropped. */
const LOOKS_AT_IT = new Set([
  "ExpressionStatement",
  "IfStatement",
  "WhileStatement",
  "DoWhileStatement",
  "ForStatement",
  "SwitchStatement",
  "SwitchCase",
  "ConditionalExpression",
  "LogicalExpression",
  "SequenceExpression",
  "BinaryExpression",
  "UnaryExpression",
  "SpreadElement",
  "TemplateLiteral",
]);

/** Whether the parent's result is that of the node. */
function isPassedOn(node: Node, parent: Node): boolean {
  if (parent.type === "ConditionalExpression") return parent["test"] !== node;
  if (parent.type === "LogicalExpression") return parent["right"] === node;
  if (parent.type === "SequenceExpression") return (parent["expressions"] as readonly Node[]).at(-1) === node;
  return /^(TS(As|Satisfies|NonNull)Expression|TSTypeAssertion|ParenthesizedExpression)$/.test(parent.type);
}

/** Types vanish: a name that only types use need not exist when the program runs. */
function missingImports(
  path: NodePath,
  modules: Readonly<Record<string, object>>,
  file: string,
): readonly string[] {
  const { node } = path;
  const source = (node["source"] as Node)["value"] as string;
  const module = modules[source];
  if (module === undefined || node["importKind"] === "type") return [];
  const missing = (node["specifiers"] as readonly Node[])
    .filter(({ type, importKind }) => type === "ImportSpecifier" && importKind !== "type")
    .filter((specifier) => isUsedAsValue(path, (specifier["local"] as Node)["name"] as string))
    .map((specifier) => (specifier["imported"] as Node)["name"] as string)
    .filter((name) => !(name in module));
  const where = `${file}:${node.loc?.start.line ?? 1}`;
  return missing.map(
    (name) => `${where}: ${source} has no export "${name}". ${nearest(name, Object.keys(module))}`,
  );
}

function isUsedAsValue({ scope }: NodePath, local: string): boolean {
  return scope.getBinding(local)?.referencePaths.some(({ parent }) => !isType(parent)) === true;
}

function isType({ type }: Node): boolean {
  return type.startsWith("TS") && !/^TS(As|Satisfies|NonNull|Instantiation)Expression$/.test(type);
}
