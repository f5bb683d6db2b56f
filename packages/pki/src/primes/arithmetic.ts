/** The greatest common divisor of two positive numbers. */
export function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let [high, low] = [left, right];
  while (low !== 0n) [high, low] = [low, high % low];
  return high;
}

/** The numbers, then their products by pairs, and so on up to the product of all. */
export type ProductTree = readonly (readonly bigint[])[];

export function productTree(numbers: readonly bigint[]): ProductTree {
  const levels = [numbers];
  for (let level = numbers; level.length > 1; levels.push(level)) {
    const below = level;
    level = Array.from({ length: (below.length + 1) >> 1 }, (_, at) =>
      at * 2 + 1 < below.length ? below[at * 2]! * below[at * 2 + 1]! : below[at * 2]!,
    );
  }
  return levels;
}

export function productOf(tree: ProductTree): bigint {
  return tree.at(-1)?.[0] ?? 1n;
}

/** What is left of a value modulo each of the tree's numbers, or modulo their squares. */
export function remainders(value: bigint, tree: ProductTree, squared = false): readonly bigint[] {
  let left: readonly bigint[] = [value];
  for (const level of tree.toReversed()) {
    const above = left;
    const single = above.length === 1 && level.length === 1;
    left = level.map((each, at) => above[single ? 0 : at >> 1]! % (squared ? each * each : each));
  }
  return left;
}

/** Those whose modulus has a factor in common with a number: halves of the list are left out as soon as they have none. */
export function sharing<Key extends { readonly modulus: bigint }>(
  number: bigint,
  keys: readonly Key[],
): readonly Key[] {
  let product = 1n;
  for (const { modulus } of keys) product = (product * modulus) % number;
  if (keys.length === 0 || greatestCommonDivisor(number, product) === 1n) return [];
  if (keys.length === 1) return keys;
  const half = keys.length >> 1;
  return [...sharing(number, keys.slice(0, half)), ...sharing(number, keys.slice(half))];
}

/** A modulus as it stands in a key, big-endian. */
export function numberOf(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}
