import { z } from 'zod';

const uuid = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}';

/** Section 10.10: object type, two hyphens, RFC 4122 UUID. */
export const Identifier = z.string().regex(new RegExp(`^[a-z][a-z0-9-]+[a-z0-9]--${uuid}$`), {
  error: 'must be an identifier of the form `type--uuid`',
});
export const idOf = (type: string) =>
  z.string().regex(new RegExp(`^${type}--${uuid}$`), { error: `must be an identifier of type \`${type}\`` });

/** Section 10.16: RFC 3339 in UTC with `Z`. */
export const Timestamp = z
  .string()
  .regex(
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?Z$/,
    {
      error: 'must be a UTC timestamp such as `2026-01-31T08:00:00.000Z`',
    },
  );
/** Section 3.1: created and modified carry exactly three digits of a second. */
export const Milliseconds = Timestamp.regex(/\.\d{3}Z$/, { error: 'must be given to the millisecond' });

export const text = z.string().max(20_000);
export const list = <T extends z.ZodType>(item: T, least = 1) => z.array(item).min(least).max(1000);
export const score = z.number().int().min(0).max(100);
