import { z } from 'zod';
import { duration, type Output, styled } from '../output.ts';

const Fact = z.object({
  name: z.string(),
  value: z.unknown().optional(),
  source: z.string().optional(),
  at: z.number().optional(),
  until: z.number().optional(),
  stale: z.boolean().optional(),
});
type Fact = z.infer<typeof Fact>;
const Place = z.object({ file: z.string(), line: z.number(), column: z.number() });

export const Explanation = z.object({
  decision: z.object({ allowed: z.boolean(), outcome: z.string() }),
  determining: z.array(
    z.object({
      id: z.string(),
      effect: z.string(),
      reason: z.string().optional(),
      reasonEn: z.string().optional(),
      alarm: z.string().optional(),
      place: Place,
      conditions: z.array(
        z.object({ condition: z.string(), value: z.union([z.boolean(), z.string()]), facts: z.array(Fact) }),
      ),
    }),
  ),
  remedies: z.array(z.array(z.object({ condition: z.string(), must: z.boolean(), facts: z.array(Fact) }))),
});

/** Far enough away to be never: the fact lasts until its source says otherwise. */
const never = 253_402_300_799_999;

/** Which policies decided, by which conditions and facts; and for a denial, what would have to change. */
export function writeExplanation(
  output: Output,
  { decision, determining, remedies }: z.infer<typeof Explanation>,
  options: { readonly now: number; readonly language: 'vi' | 'en' },
): void {
  const { now, language } = options;
  const words = { permitted: 'green', stale: 'yellow' } as const;
  const style = words[decision.outcome as keyof typeof words] ?? 'red';
  output.write(`${styled(output, style, decision.outcome)}\n`);
  for (const { effect, id, reason, reasonEn, alarm, place, conditions } of determining) {
    output.write(`\n${effect} ${styled(output, 'bold', id)}  ${place.file}:${place.line}\n`);
    const why = language === 'en' ? (reasonEn ?? reason) : (reason ?? reasonEn);
    if (why) output.write(`  ${why}\n`);
    if (alarm && decision.allowed)
      output.write(
        `  ${styled(output, 'yellow', `raises the alarm \`${alarm}\` where no other policy permits it`)}\n`,
      );
    for (const { condition, value, facts } of conditions) {
      output.write(`  ${mark(output, value)} ${condition}\n`);
      for (const fact of facts) output.write(`      ${styled(output, 'dim', told(fact, now))}\n`);
    }
  }
  if (remedies.length > 0) output.write('\nIt would be allowed if:\n');
  for (const changes of remedies) {
    const each = changes.map(({ condition, must, facts }) => {
      const known = facts.map((fact) => told(fact, now)).join('; ');
      return `${condition} were ${must}${known === '' ? '' : ` (now ${known})`}`;
    });
    output.write(`  - ${each.join(',\n    and ')}\n`);
  }
  if (!decision.allowed && remedies.length === 0) output.write('\nNo change of facts would allow it.\n');
}

function mark(output: Output, value: boolean | string): string {
  if (value === true) return styled(output, 'green', 'true  ');
  return styled(output, value === false ? 'dim' : 'yellow', String(value).padEnd(6));
}

/** A Cedar value as policies write it. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const { __entity: entity, __extn: call } = value as {
    readonly __entity?: { readonly type: string; readonly id: string };
    readonly __extn?: { readonly fn: string; readonly arg: unknown };
  };
  if (entity !== undefined) return `${entity.type}::${JSON.stringify(entity.id)}`;
  if (call !== undefined) return `${call.fn}(${JSON.stringify(call.arg)})`;
  return `{${Object.entries(value)
    .map(([key, each]) => `${key}: ${plain(each)}`)
    .join(', ')}}`;
}

/** `Device::"cam-1".risk is 20, says edr, 3 min 20 s ago, for 6 h 40 min more`. */
function told({ name, value, source, at, until, stale }: Fact, now: number): string {
  const known = value === undefined ? 'not known' : plain(value);
  if (source === undefined || at === undefined || until === undefined) return `${name} is ${known}`;
  const age = `${name} is ${known}, says ${source}, ${duration(Math.max(0, now - at))} ago`;
  if (stale) return `${age}; stale since ${duration(Math.max(0, now - until))}: it waits for the next report`;
  return until >= never ? age : `${age}, for ${duration(until - now)} more`;
}
