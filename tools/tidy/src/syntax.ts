/**
 * Syntax trees. TypeScript 7, which builds the packages, offers no programming interface, so this tool alone uses
 * TypeScript 6.
 */

import ts from "typescript";
import type { Problem, SourceFile } from "./source-file.ts";

const trees = new WeakMap<SourceFile, ts.SourceFile>();

/** The tree of one file, without types. */
export function parse(file: SourceFile): ts.SourceFile {
  let tree = trees.get(file);
  if (tree === undefined) {
    tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
    trees.set(file, tree);
  }
  return tree;
}

/** Visits every node, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** A problem at a node. */
export function problemAt(node: ts.Node, message: string): Problem {
  const file = node.getSourceFile();
  return { path: file.fileName, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, message };
}

/** Whether a node is a wrapper that changes nothing at run time: parentheses, `as T`, `satisfies T`, `!`. */
export function isWrapper(
  node: ts.Node,
): node is ts.ParenthesizedExpression | ts.AsExpression | ts.SatisfiesExpression | ts.NonNullExpression {
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node)
  );
}

/** What is inside all wrappers. */
export function unwrapped(expression: ts.Expression): ts.Expression {
  return isWrapper(expression) ? unwrapped(expression.expression) : expression;
}
