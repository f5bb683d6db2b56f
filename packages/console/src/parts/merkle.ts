import type { AuditEntry, InclusionView } from '@kydai/contracts';

/** What a proof came to: `unsigned` where this browser knows no Ed25519. */
export type ProofOutcome = 'proven' | 'unsigned' | 'broken';

/**
 * Checks that an entry is in the audit log, from its bytes up to the signed checkpoint (RFC 9162 section 2.1.3.2), here
 * in the browser: what the server says is not believed.
 */
export async function proveInclusion({
  index,
  entry,
  proof,
  checkpoint,
  publicKeyPem,
}: InclusionView): Promise<ProofOutcome> {
  const leaf = await sha256(Uint8Array.of(0), new TextEncoder().encode(leafText(entry)));
  const root = await rootOf(leaf, index, checkpoint.size, proof.map(fromHex));
  if (root === undefined || toHex(root) !== checkpoint.root) return 'broken';
  const { size, at, signature } = checkpoint;
  const statement = `kydai-audit-v1\n${size}\n${checkpoint.root}\n${at}\n`;
  try {
    const key = await crypto.subtle.importKey('spki', fromBase64(publicKeyPem), 'Ed25519', false, ['verify']);
    const good = await crypto.subtle.verify(
      'Ed25519',
      key,
      fromBase64(signature),
      new TextEncoder().encode(statement),
    );
    return good ? 'proven' : 'broken';
  } catch {
    return 'unsigned';
  }
}

/** The bytes of an entry as a leaf: its keys in this order, those of `detail` sorted. */
function leafText({ at, actor, action, target, detail }: AuditEntry): string {
  const pairs = Object.keys(detail)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(detail[key])}`);
  const head = JSON.stringify({ at, actor, action, target });
  return `${head.slice(0, -1)},"detail":{${pairs.join(',')}}}`;
}

/** The root that a leaf and its path lead to; undefined where the path does not fit the size. */
async function rootOf(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Promise<Uint8Array | undefined> {
  if (index >= size) return undefined;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = await sha256(Uint8Array.of(1), sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else hash = await sha256(Uint8Array.of(1), hash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : undefined;
}

async function sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Of a base64 text, or of a PEM block. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const bare = text.replace(/-----[^-]+-----|\s/g, '');
  return Uint8Array.from(atob(bare), (character) => character.charCodeAt(0));
}
