/**
 * No floating step. `spinLock(l);` without `yield*` compiles and does nothing: the worst failure a race model can have.
 * So an operation or a sequence of steps whose value is thrown away is an error, and so is one that is used as a
 * condition, which would always be true. Needs types.
 */

import ts from "typescript";
import type { Problem } from "../source-file.ts";
import { problemAt, unwrapped, walk } from "../syntax.ts";

/** Checks the files of a program that `isChecked` names. */
export function floatingSteps(program: ts.Program, isChecked: (path: string) => boolean): Problem[] {
  const checker = program.getTypeChecker();
  const found = new Map<ts.Node, string>();
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || !isChecked(file.fileName)) continue;
    walk(file, (node) => {
      for (const value of droppedBy(node, checker)) {
        if (mayBeStep(checker.getTypeAtLocation(value), checker))
          found.set(value, "does nothing without yield*");
      }
      for (const value of conditionsOf(node)) {
        if (isStep(checker.getTypeAtLocation(value), checker))
          found.set(value, "is always true without yield*");
      }
    });
  }
  return [...found].map(([value, why]) => problemAt(value, `floating step: ${firstLine(value)} ${why}`));
}

function firstLine(node: ts.Node): string {
  return node.getText().split("\n")[0]!;
}

/** The expressions whose values a node throws away. */
function droppedBy(node: ts.Node, checker: ts.TypeChecker): readonly ts.Expression[] {
  if (ts.isExpressionStatement(node)) return droppedParts(node.expression);
  if (ts.isForStatement(node) && node.incrementor !== undefined) return droppedParts(node.incrementor);
  if (ts.isArrowFunction(node) && !ts.isBlock(node.body) && isForNothing(node, checker))
    return droppedParts(node.body);
  return [];
}

/** Whether whoever calls an arrow function ignores its result, as `forEach` does. */
function isForNothing(node: ts.ArrowFunction, checker: ts.TypeChecker): boolean {
  const signatures = checker.getContextualType(node)?.getCallSignatures() ?? [];
  return (
    signatures.length > 0 && signatures.every((s) => (s.getReturnType().flags & ts.TypeFlags.Void) !== 0)
  );
}

/** The parts of a thrown away expression that can be its value, or are thrown away inside it. */
function droppedParts(expression: ts.Expression): readonly ts.Expression[] {
  const inner = unwrapped(expression);
  if (ts.isVoidExpression(inner)) return droppedParts(inner.expression);
  if (ts.isConditionalExpression(inner))
    return [...droppedParts(inner.whenTrue), ...droppedParts(inner.whenFalse)];
  if (!ts.isBinaryExpression(inner)) return [inner];
  const { kind } = inner.operatorToken;
  if (kind === ts.SyntaxKind.CommaToken) return [...droppedParts(inner.left), ...droppedParts(inner.right)];
  if (kind === ts.SyntaxKind.QuestionQuestionToken)
    return [...droppedParts(inner.left), ...droppedParts(inner.right)];
  return isAndOr(kind) ? droppedParts(inner.right) : [];
}

/** The expressions that a node asks whether they are true. */
function conditionsOf(node: ts.Node): readonly ts.Expression[] {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node))
    return truthParts(node.expression);
  if (ts.isForStatement(node)) return node.condition === undefined ? [] : truthParts(node.condition);
  if (ts.isConditionalExpression(node)) return truthParts(node.condition);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
    return truthParts(node.operand);
  return ts.isBinaryExpression(node) && isAndOr(node.operatorToken.kind) ? truthParts(node.left) : [];
}

/** The parts of a condition whose truth can decide it, except those that are asked in their own right. */
function truthParts(condition: ts.Expression): readonly ts.Expression[] {
  const inner = unwrapped(condition);
  const isSplit = ts.isBinaryExpression(inner) && isAndOr(inner.operatorToken.kind);
  return isSplit ? truthParts(inner.right) : [inner];
}

function isAndOr(kind: ts.SyntaxKind): boolean {
  return kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken;
}

function mayBeStep(type: ts.Type, checker: ts.TypeChecker): boolean {
  return type.isUnion() ? type.types.some((part) => isStep(part, checker)) : isStep(type, checker);
}

/** Whether a type is an `Operation`, or an iterator of operations such as `Steps`. A list of them is no step. */
function isStep(type: ts.Type, checker: ts.TypeChecker): boolean {
  if (type.isUnion()) return type.types.every((part) => isStep(part, checker));
  if (isOperation(type)) return true;
  const next = type.getProperty("next");
  const result = next && checker.getTypeOfSymbol(next).getCallSignatures()[0]?.getReturnType();
  const results = result?.isUnion() === true ? result.types : [result];
  return results.some((one) => {
    const value = one?.getProperty("value");
    return value !== undefined && isOperation(checker.getTypeOfSymbol(value));
  });
}

/** By name: there is no second `Operation` in this house. */
function isOperation(type: ts.Type): boolean {
  return type.getSymbol()?.getName() === "Operation";
}
