/**
 * No floating step. `spinLock(l);` without `yield*` compiles and does nothing: the worst failure a race model can have.
 * So an expression statement whose value is an operation or a sequence of steps is an error. Needs types.
 */

import ts from "typescript";
import type { Problem } from "../source-file.ts";
import { problemAt, walk } from "../syntax.ts";

/** Checks the files of a program that `isChecked` names. */
export function floatingSteps(program: ts.Program, isChecked: (path: string) => boolean): Problem[] {
  const checker = program.getTypeChecker();
  const problems: Problem[] = [];
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || !isChecked(file.fileName)) continue;
    walk(file, (node) => {
      if (!ts.isExpressionStatement(node)) return;
      for (const value of droppedValues(node.expression)) {
        if (!isStep(checker.getTypeAtLocation(value), checker)) continue;
        problems.push(
          problemAt(value, `floating step: ${value.getText().split("\n")[0]} does nothing without yield*`),
        );
      }
    });
  }
  return problems;
}

/** The parts of an expression whose values are thrown away. */
function droppedValues(expression: ts.Expression): readonly ts.Expression[] {
  if (ts.isParenthesizedExpression(expression) || ts.isVoidExpression(expression))
    return droppedValues(expression.expression);
  if (ts.isConditionalExpression(expression)) {
    return [...droppedValues(expression.whenTrue), ...droppedValues(expression.whenFalse)];
  }
  if (ts.isBinaryExpression(expression)) {
    const { kind } = expression.operatorToken;
    if (kind === ts.SyntaxKind.CommaToken)
      return [...droppedValues(expression.left), ...droppedValues(expression.right)];
    const isLogical =
      kind === ts.SyntaxKind.AmpersandAmpersandToken ||
      kind === ts.SyntaxKind.BarBarToken ||
      kind === ts.SyntaxKind.QuestionQuestionToken;
    return isLogical ? droppedValues(expression.right) : [];
  }
  return [expression];
}

/** Whether a type is an `Operation`, or a generator of operations. */
function isStep(type: ts.Type, checker: ts.TypeChecker): boolean {
  if (type.isUnion()) return type.types.some((part) => isStep(part, checker));
  const name = type.getSymbol()?.getName();
  if (name === "Operation") return true;
  if (name !== "Generator") return false;
  const [yielded] = checker.getTypeArguments(type as ts.TypeReference);
  return yielded !== undefined && isStep(yielded, checker);
}
