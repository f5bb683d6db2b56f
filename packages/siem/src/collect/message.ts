import { withFault } from '../normalise/fault.ts';
import { FieldList } from '../normalise/fields.ts';
import { decodeFrame } from './frames.ts';
import type { Intake, ReadFrame } from './intake.ts';

/** A message of a publish-and-subscribe system. */
export interface TopicMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** More about the message, by dotted name; it wins over what the payload says. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

const mostBytes = 256 * 1024;
const mostTopic = 512;

/**
 * Reads one message: a JSON object keeps its own fields, a log line is read as one, and any other text becomes the
 * `message` of an event of the dataset `mqtt.message`. Returns the reason where it is refused.
 */
export function readTopicMessage(intake: Intake, message: TopicMessage): ReadFrame | string {
  const { topic, payload } = message;
  if (payload.length > mostBytes) return 'line-too-long';
  if (topic.length > mostTopic) return 'topic-too-long';
  const { text, fault } = decodeFrame(payload);
  const own = text.charCodeAt(0) === 123 ? parseObject(text) : undefined;
  const read = withFault(intake.normaliser.document(own ?? { message: text }, intake.clock.now()), fault);
  const fields = new FieldList();
  for (const [name, value] of read.fields.entries()) fields.add(name, value);
  // What we know is set last, so that no payload can say it otherwise.
  for (const [name, value] of Object.entries({ ...message.fields, 'mqtt.topic': topic }))
    fields.set(name, value);
  const plain = own === undefined && read.dataset === 'json';
  const { time, dataset, parsed, count } = read;
  return {
    raw: text,
    bytes: payload.length,
    normalised: { time, dataset: plain ? 'mqtt.message' : dataset, fields, parsed, count },
  };
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
