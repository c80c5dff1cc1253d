/** How an area of the kernel says what its releases are: the newest in full, and of each other one what differs. */

/** The releases and development states that the model has, and proposals that never were one. */
export type ReleaseId =
  | "6.18"
  | "6.18-aligned"
  | "6.18-trylock"
  | "6.17-rc1"
  | "6.14"
  | "6.12"
  | "6.11"
  | "6.9"
  | "6.6"
  | "6.6-dev"
  | "6.1"
  | "6.0"
  | "4.12";

/** The procedures of one area: all of the newest release, and of each other one those that differ from its base. */
export type ReleaseTable<Ops> = { readonly "6.18": Ops } & {
  readonly [Id in Exclude<ReleaseId, "6.18">]?: Partial<Ops>;
};
