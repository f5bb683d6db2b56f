/** What hangs in a list by how recently it was touched. */
export interface Linked<T> {
  older: T | undefined;
  newer: T | undefined;
}

/**
 * A list from the least to the most recently touched, every step in constant time. (A `Map` from which the first entry
 * is taken again and again walks over all that were taken before.)
 */
export class Recency<T extends Linked<T>> {
  oldest: T | undefined;
  #newest: T | undefined;

  /** Puts what is not in the list at its recent end. */
  add(item: T): void {
    item.older = this.#newest;
    item.newer = undefined;
    if (this.#newest) this.#newest.newer = item;
    else this.oldest = item;
    this.#newest = item;
  }

  remove(item: T): void {
    if (item.older) item.older.newer = item.newer;
    else this.oldest = item.newer;
    if (item.newer) item.newer.older = item.older;
    else this.#newest = item.older;
    item.older = undefined;
    item.newer = undefined;
  }

  touch(item: T): void {
    if (item === this.#newest) return;
    this.remove(item);
    this.add(item);
  }
}
