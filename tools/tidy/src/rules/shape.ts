/** The shape of files: their size, their first comment, what index files export, and words that do not belong. */

import ts from "typescript";
import { FILE_LINES_MAX, FUNCTION_LINES_MAX } from "../house.ts";
import { problemsByLine, type Problem, type SourceFile } from "../source-file.ts";
import { parse, problemAt, walk } from "../syntax.ts";

const CODE = /\.(ts|mjs|cjs)$/;
const PACKAGE_SOURCE = /^(packages|apps)\/[^/]+\/src\/.*\.ts$/;

/** Files and functions that are too long. */
export function sizes(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(({ path }) => CODE.test(path))
    .flatMap((file) => [...fileSize(file), ...functionSizes(file)]);
}

function fileSize({ path, text }: SourceFile): Problem[] {
  // An index is a table of contents: it grows with what a package offers, and nobody has to hold it in mind.
  if (path.endsWith("/src/index.ts")) return [];
  const lines = text.split("\n").length - 1;
  return lines <= FILE_LINES_MAX
    ? []
    : [{ path, line: lines, message: `${lines} lines; at most ${FILE_LINES_MAX}` }];
}

function functionSizes(file: SourceFile): Problem[] {
  const tree = parse(file);
  const problems: Problem[] = [];
  walk(tree, (node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || isTestSuite(node)) return;
    const first = tree.getLineAndCharacterOfPosition(node.getStart()).line;
    const lines = tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
    if (lines > FUNCTION_LINES_MAX)
      problems.push(problemAt(node, `a function of ${lines} lines; at most ${FUNCTION_LINES_MAX}`));
  });
  return problems;
}

/** The callback of `describe` is a table of contents, not a function that somebody has to hold in mind. */
function isTestSuite(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe/.test(node.parent.expression.getText());
}

/** Sources of packages begin by saying what they are. */
export function firstComments(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(({ path, text }) => PACKAGE_SOURCE.test(path) && !/^(#!.*\n)?\/\*\*/.test(text))
    .map(({ path }) => ({
      path,
      line: 1,
      message: "a source file begins with a comment that says what it is",
    }));
}

/** Public names are named one by one. */
export function starExports(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(({ path }) => path.endsWith(".ts"))
    .flatMap((file) => problemsByLine(file, /^export \*/, () => "export names one by one, not *"));
}

/** Open questions carry a topic, so that they can be found and counted. */
export function bareTodos(files: readonly SourceFile[]): Problem[] {
  return files
    .filter(({ path }) => CODE.test(path))
    .flatMap((file) => problemsByLine(file, /\bTODO\b(?!\([a-z])/, () => "write TODO(topic)"));
}

/** Paths of one machine, and addresses of one registry. Written in parts so that this file passes its own rule. */
const MACHINE = new RegExp(
  [
    "/wo" + "rk/",
    "/ro" + "ot/",
    "/ho" + "me/[a-z]",
    "resolution: .*tar" + "ball: http",
    "registry\\.npm" + "js",
  ].join("|"),
);

/** What works on one machine only. */
export function machineTraces(files: readonly SourceFile[]): Problem[] {
  return files.flatMap((file) =>
    problemsByLine(file, MACHINE, (match) => `"${match}" belongs to one machine`),
  );
}
