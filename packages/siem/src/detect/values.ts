import type { Event, FieldValue } from '@kydai/contracts';
import type { FieldSource, TimePart } from '../rules/expression.ts';

/** Numbers as JavaScript writes them, booleans as words, lists as their elements. */
export function textsOfValue(value: FieldValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (value === null) return [];
  return typeof value === 'object' ? value : [String(value)];
}

/** The first of the field's sources that the event has; null counts as absent. */
export function readField(event: Event, field: FieldSource): FieldValue | undefined {
  for (const source of field.sources) {
    const value = readSource(event, source);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** Whether the event has one of the field's sources, also where its value is null. */
export function isNamed(event: Event, field: FieldSource): boolean {
  return field.sources.some((source) => readSource(event, source) !== undefined);
}

export function readSource(event: Event, source: string): FieldValue | undefined {
  if (source.charCodeAt(0) === 0x40) {
    if (source === '@raw') return event.raw;
    if (source === '@time') return event.time;
    if (source === '@dataset') return event.dataset;
  }
  return event.fields.get(source);
}

/**
 * What keywords look at: every value, and the line itself unless it is a JSON object, whose values are the fields and
 * whose text is full of escapes.
 */
export function keywordTexts(event: Event): readonly string[] {
  const texts: string[] = [];
  for (const [, value] of event.fields.entries()) texts.push(...textsOfValue(value));
  if (searchesRaw(event)) texts.push(event.raw);
  return texts;
}

export function searchesRaw(event: Event): boolean {
  return event.raw !== '' && event.raw.charCodeAt(0) !== 0x7b;
}

/** Each element of the value as a number; what is no number is left out. */
export function numbersOf(value: FieldValue): readonly number[] {
  if (typeof value === 'number') return [value];
  return textsOfValue(value).flatMap((text) => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    return Number.isFinite(number) ? [number] : [];
  });
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?$/i;

/** The part of each time in the value (epoch ms or RFC 3339), in the zone that then lies `offsetAt` minutes east of UTC. */
export function timePartsOf(
  value: FieldValue,
  part: TimePart,
  offsetAt: (time: number) => number,
): readonly number[] {
  const times =
    typeof value === 'number'
      ? [value]
      : textsOfValue(value)
          .filter((text) => rfc3339.test(text))
          .map(parseTime);
  return times.filter(Number.isFinite).map((time) => partOf(new Date(time + offsetAt(time) * 60_000), part));
}

function parseTime(text: string): number {
  return Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) ? text : `${text}Z`);
}

function partOf(date: Date, part: TimePart): number {
  switch (part) {
    case 'minute':
      return date.getUTCMinutes();
    case 'hour':
      return date.getUTCHours();
    case 'day':
      return date.getUTCDate();
    case 'weekday':
      return date.getUTCDay() || 7;
    case 'week':
      return isoWeek(date);
    case 'month':
      return date.getUTCMonth() + 1;
    case 'year':
      return date.getUTCFullYear();
  }
}

/** ISO 8601: the week of a date is that of its Thursday. */
function isoWeek(date: Date): number {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const start = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.ceil(((thursday.getTime() - start) / 86_400_000 + 1) / 7);
}
