/** Bounds of an allowlist and of the requests it decides on. Beyond them a request is refused, not cut. */
export const limits = {
  /** Rules in one allowlist. */
  rules: 10_000,
  /** Bytes of one allowlist as JSON; it lives inside a share's document (Cosmos DB holds 2 MB). */
  allowlistBytes: 1_500_000,
  /** Characters of a request target as received. */
  targetLength: 16_384,
  /** Path segments of a target. */
  segments: 64,
  /** Query or form parameters of one request, repeated ones counted each time. */
  parameters: 1_000,
  /** Bytes of a request body. */
  bodyBytes: 1_048_576,
  /** Levels of arrays and objects in a JSON body. */
  jsonDepth: 32,
  /** Values (scalars, arrays, objects) in a JSON body. */
  jsonValues: 100_000,
  /** Characters of one literal. */
  literalLength: 65_536,
  /** Values of one finite set. */
  setSize: 10_000,
  /** Characters that a bounded text may allow. */
  textLength: 65_536,
  /** Characters of a value quoted in an explanation. */
  quotedLength: 80,
  /** Rules that an explanation compares a refused request with. */
  comparedRules: 64,
} as const;
