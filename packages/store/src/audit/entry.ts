import { AuditEntry } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';

const maxBytes = 65_536;

/**
 * The bytes of an entry as a leaf of the log: JSON with its keys in this fixed order, those of `detail` sorted. They
 * are stored as they are, so that what is hashed and what is read are the same bytes. Throws `invalid-record`.
 */
export function encodeEntry(entry: AuditEntry): string {
  const parsed = AuditEntry.safeParse(entry);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StoreError(
      'invalid-record',
      `an audit entry is not valid at ${quote(issue?.path.join('.') ?? '')}: ${issue?.message ?? 'unknown'}`,
    );
  }
  const { at, actor, action, target, detail } = parsed.data;
  // Built as text, because an object would put keys that look like numbers first and lose `__proto__`.
  const pairs = Object.keys(detail)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(detail[key])}`);
  const head = JSON.stringify({ at, actor, action, target });
  const text = `${head.slice(0, -1)},"detail":{${pairs.join(',')}}}`;
  if (text.length > maxBytes) {
    throw new StoreError(
      'invalid-record',
      `an audit entry must be at most ${maxBytes} characters; shorten its detail`,
    );
  }
  return text;
}

/** Reads a leaf's bytes; undefined where they are not an entry. */
export function decodeEntry(text: string): AuditEntry | undefined {
  try {
    return AuditEntry.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
