/**
 * The values of syzkaller's program syntax, as a tree: what an argument says, before anybody knows what it means.
 *
 * @see docs/program_syntax.md of google/syzkaller
 */

/** One value, and the column where it begins. */
export type Value =
  | { readonly kind: "number"; readonly value: bigint; readonly column: number }
  /** Constants by name, joined by `|`. */
  | { readonly kind: "names"; readonly parts: readonly (string | bigint)[]; readonly column: number }
  | { readonly kind: "variable"; readonly name: string; readonly column: number }
  /** `address` is undefined for `&AUTO`. */
  | {
      readonly kind: "pointer";
      readonly address: bigint | undefined;
      readonly size: bigint | undefined;
      readonly to: Value | undefined;
      readonly column: number;
    }
  | { readonly kind: "text"; readonly column: number }
  | { readonly kind: "group"; readonly items: readonly Value[]; readonly column: number }
  /** `nil`, `AUTO`, and unions, whose meaning nothing here needs. */
  | { readonly kind: "opaque"; readonly text: string; readonly column: number };

/** What a value is, for messages. */
export function kindText(value: Value): string {
  switch (value.kind) {
    case "number":
      return `0x${value.value.toString(16)}`;
    case "names":
      return value.parts.join("|");
    case "variable":
      return value.name;
    case "opaque":
      return value.text;
    case "pointer":
      return "a pointer";
    case "text":
      return "a string";
    case "group":
      return "a structure";
  }
}
