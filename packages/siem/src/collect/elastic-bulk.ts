import { uuidv7 } from '@kydai/contracts';
import { withFault } from '../normalise/fault.ts';
import type { Normaliser } from '../normalise/normalise.ts';
import { decodeFrame } from './frames.ts';
import type { ReadFrame } from './intake.ts';
import { isObject } from './json-lines.ts';
import type { HttpLimits } from './limits.ts';
import { bodyLines } from './lines.ts';

/** What the path of a request says about its body. */
export interface IngestRoute {
  /** The index in the path; empty where each action names its own. */
  readonly index: string;
  /** The body is one document, not actions. */
  readonly single: boolean;
  readonly id: string;
}

/** One action of a bulk body: with a frame where it can be taken in, else with the reason why not. */
export interface BulkItem {
  readonly action: string;
  readonly index: string;
  readonly id: string;
  readonly frame?: ReadFrame;
  readonly reason?: string;
  readonly detail?: string;
}

export type ReadBulk =
  | { readonly items: readonly BulkItem[] }
  /** The body as a whole cannot be trusted to mean what it says. */
  | { readonly broken: string; readonly reason: string };

export interface BulkContext extends IngestRoute {
  readonly limits: HttpLimits;
  readonly normaliser: Normaliser;
  readonly now: number;
  /** The sender, by the name of its account. */
  readonly origin: string;
}

const actions: ReadonlySet<string> = new Set(['index', 'create', 'update', 'delete']);

/**
 * Reads a bulk body: pairs of an action line and a document line. A broken action line breaks the pairing, and so the
 * whole body (as in Elasticsearch); a broken document is that item's own failure.
 */
export function readBulk(body: Buffer, context: BulkContext): ReadBulk {
  if (context.single) return { items: [singleItem(body, context)] };
  const items: BulkItem[] = [];
  let head: { action: string; index: string; id: string } | undefined;
  for (const line of bodyLines(body, context.limits.lineBytes)) {
    if (!head) {
      const read = line.tooLong ? undefined : readAction(line.text, context.index);
      if (!read) {
        return {
          broken: `malformed action/metadata line [${line.number}], expected one of [create, delete, index, update]`,
          reason: 'malformed-action',
        };
      }
      if (items.length >= context.limits.lines) {
        return {
          broken: `more than ${context.limits.lines} items; send less at once`,
          reason: 'too-many-lines',
        };
      }
      if (read.action === 'delete') items.push({ ...read, ...unknownAction(read.action) });
      else head = read;
      continue;
    }
    const { action } = head;
    if (action === 'update') items.push({ ...head, ...unknownAction(action) });
    else if (line.tooLong) {
      items.push({
        ...head,
        reason: 'line-too-long',
        detail: `document is longer than ${context.limits.lineBytes} bytes`,
      });
    } else items.push({ ...head, ...readSource(line.text, line.bytes, line.fault, head.index, context) });
    head = undefined;
  }
  if (head) {
    // The body was cut off between an action and its document.
    items.push({ ...head, reason: 'cut-off', detail: 'the document of the last action is missing' });
  }
  if (items.length === 0) return { broken: 'request body is required', reason: 'empty-body' };
  return { items };
}

function unknownAction(action: string): { reason: string; detail: string } {
  return {
    reason: 'unknown-action',
    detail: `events are never changed: \`${action}\` is not taken, send \`create\``,
  };
}

function singleItem(body: Buffer, context: BulkContext): BulkItem {
  const head = { action: 'create', index: context.index, id: context.id || uuidv7(context.now) };
  if (body.length > context.limits.lineBytes) {
    return {
      ...head,
      reason: 'line-too-long',
      detail: `document is longer than ${context.limits.lineBytes} bytes`,
    };
  }
  const { text, fault } = decodeFrame(body);
  return { ...head, ...readSource(text, body.length, fault, head.index, context) };
}

function readAction(
  text: string,
  pathIndex: string,
): { action: string; index: string; id: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const [entry, more] = Object.entries(value);
  if (!entry || more || !actions.has(entry[0])) return undefined;
  const meta: { _index?: unknown; _id?: unknown } = isObject(entry[1]) ? entry[1] : {};
  const index = typeof meta._index === 'string' ? meta._index : pathIndex;
  const id = typeof meta._id === 'string' && meta._id.length <= 512 ? meta._id : '';
  return { action: entry[0], index: index.slice(0, 255), id };
}

function readSource(
  text: string,
  bytes: number,
  fault: string | undefined,
  index: string,
  context: BulkContext,
): { id?: string; frame?: ReadFrame; reason?: string; detail?: string } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { reason: 'not-json', detail: 'failed to parse: the document is not JSON' };
  }
  if (!isObject(document))
    return { reason: 'not-an-object', detail: 'failed to parse: the document is not an object' };
  const read = withFault(context.normaliser.document(document, context.now, context.origin), fault);
  // A data stream is called `logs-<dataset>-<namespace>`; the name says what the document does not.
  const stream = /^logs-([a-z0-9][a-z0-9_.]{0,63})-[^-]+$/.exec(index);
  const named = stream?.[1];
  const normalised =
    read.dataset === 'json' && named && named !== 'generic' ? { ...read, dataset: named } : read;
  return { frame: { raw: text, bytes, normalised } };
}
