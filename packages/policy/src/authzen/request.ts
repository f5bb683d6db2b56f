import type { CedarValue } from '@kydai/contracts';
import { z } from 'zod';
import { PolicyError } from '../error.ts';
import { parseExactJson } from './json.ts';
import { Refusal } from './problem.ts';

/** AuthZEN Authorization API 1.0, section 5: the information model. */

const Properties = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);
const name = z.string().min(1).max(512);
const id = z.string().max(4096);

export const Subject = z.object({ type: name, id, properties: Properties.optional() });
export const Resource = z.object({ type: name, id, properties: Properties.optional() });
export const Action = z.object({ name, properties: Properties.optional() });
export type Subject = z.infer<typeof Subject>;
export type Resource = z.infer<typeof Resource>;
export type Action = z.infer<typeof Action>;

/** Section 6.1. */
export const EvaluationBody = z.object({
  subject: Subject,
  action: Action,
  resource: Resource,
  context: Properties.optional(),
});
export type EvaluationBody = z.infer<typeof EvaluationBody>;

export const semantics = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;
export type Semantic = (typeof semantics)[number];

const maximumEvaluations = 1_000;

/** An evaluation that leaves parts to the defaults, or supplies them. */
const PartialEvaluation = z.object({
  subject: Subject.partial().optional(),
  action: Action.partial().optional(),
  resource: Resource.partial().optional(),
  context: Properties.optional(),
});

/** Section 7.1. A member is only checked once it is merged: one that is wrong is denied, not the whole batch. */
export const EvaluationsBody = PartialEvaluation.extend({
  evaluations: z.array(z.unknown()).max(maximumEvaluations).optional(),
  options: z.looseObject({ evaluations_semantic: z.enum(semantics).optional() }).optional(),
});
export type EvaluationsBody = z.infer<typeof EvaluationsBody>;

/**
 * A member over the defaults: each of its parts replaces the default's whole, except that a `type`, `id` or `name` that
 * it leaves out is the default's. Throws a `Refusal` where something is still missing.
 */
export function memberOf(defaults: EvaluationsBody, member: unknown): EvaluationBody {
  const given = parseShape(member, PartialEvaluation);
  const { subject, action, resource } = defaults;
  return parseShape(
    {
      subject: given.subject ? { type: subject?.type, id: subject?.id, ...given.subject } : subject,
      action: given.action ? { name: action?.name, ...given.action } : action,
      resource: given.resource ? { type: resource?.type, id: resource?.id, ...given.resource } : resource,
      context: given.context ?? defaults.context,
    },
    EvaluationBody,
  );
}

const Page = z.looseObject({
  token: z.string().max(16_384).optional(),
  // As drafts of the standard called it.
  next_token: z.string().max(16_384).optional(),
  limit: z.number().int().min(1).max(1_000).optional(),
});
const Sought = z.object({ type: name, properties: Properties.optional() });

/** Section 8: what is sought has a type and no id. */
export const SubjectSearchBody = EvaluationBody.extend({ subject: Sought, page: Page.optional() });
export const ResourceSearchBody = EvaluationBody.extend({ resource: Sought, page: Page.optional() });
export const ActionSearchBody = EvaluationBody.omit({ action: true }).extend({ page: Page.optional() });

const maximumBody = 256 * 1024;

/** Reads a JSON body of at most 256 KiB and checks its shape. Throws a `Refusal`. */
export async function readBody<T>(request: Request, shape: z.ZodType<T>): Promise<T> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    // 400 and not 415: the certification scenario of AuthZEN 1.0 asks for it.
    throw new Refusal(400, 'content-type', 'the body must be application/json');
  }
  return parseShape(parseBody(await readText(request)), shape);
}

export function parseShape<T>(data: unknown, shape: z.ZodType<T>): T {
  const parsed = shape.safeParse(data);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: path.join('.'), message: message.slice(0, 200) }));
  throw new Refusal(
    400,
    'request',
    `the body does not fit: ${errors[0]!.path || 'body'}: ${errors[0]!.message}`,
    errors,
  );
}

function parseBody(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    if (error instanceof PolicyError) throw new Refusal(400, error.code, error.message);
    throw error;
  }
}

/**
 * Reads no more than is allowed. Where the length is declared the HTTP layer holds the body to it and the whole is read
 * at once, which servers do faster than a stream; without a length the stream is counted.
 */
async function readText(request: Request): Promise<string> {
  // An error records its stack, which costs more than the decision: made only when thrown.
  const tooLarge = () => new Refusal(413, 'limit', `the body is larger than ${maximumBody} bytes`);
  const declared = request.headers.get('content-length');
  if (Number(declared ?? 0) > maximumBody) throw tooLarge();
  let bytes: Uint8Array;
  try {
    bytes =
      declared === null ? await readStream(request, tooLarge) : new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > maximumBody) throw tooLarge();
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'request', 'the body is not UTF-8 or broke off');
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

async function readStream(request: Request, tooLarge: () => Refusal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maximumBody) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * JSON as Cedar values: nothing is left of null, and a fraction of up to four digits is a decimal. Throws a `Refusal`
 * for a number that neither a Long nor a decimal can hold.
 */
export function cedarFacts(
  data: Readonly<Record<string, unknown>>,
  path: string,
): Record<string, CedarValue> {
  const entries: [string, CedarValue][] = [];
  for (const [key, value] of Object.entries(data)) {
    if (value !== null) entries.push([key, cedarFact(value, `${path}.${key}`)]);
  }
  return Object.fromEntries(entries);
}

function cedarFact(value: unknown, path: string): CedarValue {
  if (typeof value === 'number' && !Number.isInteger(value)) return decimalFact(value, path);
  if (Array.isArray(value)) {
    return value.filter((item) => item !== null).map((item, index) => cedarFact(item, `${path}[${index}]`));
  }
  if (typeof value === 'object') return cedarFacts(value as Record<string, unknown>, path);
  return value as CedarValue;
}

function decimalFact(value: number, path: string): CedarValue {
  const text = value.toFixed(4);
  if (Number(text) !== value) {
    const message = 'a fraction must have at most four digits after the point';
    throw new Refusal(400, 'request', `${path.slice(0, 200)}: ${message}`, [{ path, message }]);
  }
  return { __extn: { fn: 'decimal', arg: text } };
}
