const first = 1024;
const growth = 8;

/**
 * The items with an id greater than `after`, in the order of their ids, without sorting them all: whoever reads one page
 * of a million pays for one pass. Passes grow, so that reading far takes few of them.
 */
export function* inOrder<Item extends { readonly id: string }>(
  items: Iterable<Item>,
  after: string | undefined,
): Generator<Item> {
  let from = after;
  for (let size = first; ; size *= growth) {
    const batch = smallest(items, from, size);
    yield* batch;
    if (batch.length < size) return;
    from = batch.at(-1)!.id;
  }
}

/** The `size` items of least id greater than `after`, sorted. Ids are distinct. */
function smallest<Item extends { readonly id: string }>(
  items: Iterable<Item>,
  after: string | undefined,
  size: number,
): Item[] {
  /** A heap whose root is the greatest. */
  const heap: Item[] = [];
  for (const item of items) {
    if (after !== undefined && item.id <= after) continue;
    if (heap.length < size) {
      heap.push(item);
      rise(heap);
    } else if (item.id < heap[0]!.id) {
      heap[0] = item;
      sink(heap);
    }
  }
  return heap.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function rise<Item extends { readonly id: string }>(heap: Item[]): void {
  let at = heap.length - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (heap[above]!.id > heap[at]!.id) return;
    [heap[above], heap[at]] = [heap[at]!, heap[above]!];
    at = above;
  }
}

function sink<Item extends { readonly id: string }>(heap: Item[]): void {
  for (let at = 0; ; ) {
    const left = 2 * at + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const child = right < heap.length && heap[right]!.id > heap[left]!.id ? right : left;
    if (heap[at]!.id >= heap[child]!.id) return;
    [heap[at], heap[child]] = [heap[child]!, heap[at]!];
    at = child;
  }
}
