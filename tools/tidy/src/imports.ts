/** What a file imports, in whatever way. */

import ts from "typescript";
import type { SourceFile } from "./source-file.ts";
import { parse, walk } from "./syntax.ts";

/** One import, export from, `import()` or `import("...").Type`. */
export interface Import {
  /** The importing file. */
  readonly from: string;
  readonly specifier: string;
  /** It vanishes when types are stripped. */
  readonly isTypeOnly: boolean;
  readonly node: ts.Node;
}

/** The imports of one file. */
export function importsOf(file: SourceFile): readonly Import[] {
  const imports: Import[] = [];
  walk(parse(file), (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    imports.push({ from: file.path, specifier: specifier.text, isTypeOnly: isTypeOnly(node), node });
  });
  return imports;
}

/** The imports of all TypeScript files. */
export function allImports(files: readonly SourceFile[]): readonly Import[] {
  return files.filter(({ path }) => path.endsWith(".ts")).flatMap(importsOf);
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
  const isImportCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isImportCall ? node.arguments[0] : undefined;
}

/** `import { type A }` is not: verbatim module syntax keeps the bare import. */
function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  if (ts.isImportDeclaration(node)) return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return ts.isImportTypeNode(node);
}
