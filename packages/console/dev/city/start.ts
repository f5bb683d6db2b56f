/** A small generator with a seed, so that every picture shows the same city (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const roll = dice(1802);
export const hex = (length: number) =>
  Array.from({ length }, () => Math.floor(roll() * 16).toString(16)).join('');
export const uuid = () => `0198${hex(4)}-${hex(4)}-7${hex(3)}-a${hex(3)}-${hex(12)}`;
export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
export const start = Date.now();
export const ref = (type: 'device' | 'address' | 'user' | 'host', id: string) => ({ type, id }) as const;
