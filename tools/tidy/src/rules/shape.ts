/** The shape of files: their size, their first comment, what they export. */

import ts from "typescript";
import { FILE_LINES_MAX, FUNCTION_LINES_MAX, LONG_FILES } from "../house.ts";
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

function fileSize(file: SourceFile): Problem[] {
  const { path, text } = file;
  const lines = text.split("\n").length - 1;
  const linesMax = LONG_FILES[path] ?? FILE_LINES_MAX;
  if (lines <= linesMax || isList(file)) return [];
  return [{ path, line: lines, message: `${lines} lines; at most ${linesMax}` }];
}

/** A file of exports from elsewhere has nothing to understand: it is as long as the public API. */
function isList(file: SourceFile): boolean {
  return parse(file).statements.every(
    (one) => ts.isExportDeclaration(one) && one.moduleSpecifier !== undefined,
  );
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
  return ts.isCallExpression(node.parent) && node.parent.expression.getText().startsWith("describe");
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
