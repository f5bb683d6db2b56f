import { z } from 'zod';

/** Subject Identifier (RFC 9493), simple or of several members (SSF 1.0 section 3.3). */
export const SubjectId = z
  .object({ format: z.string().min(1).max(64) })
  .catchall(z.unknown())
  .refine((subject) => JSON.stringify(subject).length <= 4096, 'too long')
  .readonly();
export type SubjectId = z.infer<typeof SubjectId>;

/**
 * Whether an event about `about` concerns whom a receiver named (SSF 1.0 section 8.1.3.1). Members that only one of two
 * complex subjects has do not count. Stricter than the text in one point: two complex subjects without a member in
 * common do not match, or removing one person would silence every device.
 */
export function matches(named: SubjectId, about: SubjectId): boolean {
  if (named.format !== 'complex' && about.format !== 'complex') return same(named, about);
  // A simple subject names whoever has it as a member.
  if (named.format !== 'complex') return membersOf(about).some(([, member]) => same(named, member));
  if (about.format !== 'complex') return membersOf(named).some(([, member]) => same(member, about));
  const other = new Map(membersOf(about));
  const common = membersOf(named).filter(([name]) => other.has(name));
  return common.length > 0 && common.every(([name, member]) => same(member, other.get(name)));
}

const membersOf = (subject: SubjectId) => Object.entries(subject).filter(([name]) => name !== 'format');

/** The same text, whatever the order of its members. */
function same(left: unknown, right: unknown): boolean {
  return canonical(left) === canonical(right);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** A removal list after one more subject is removed or wanted again. */
export function without(removed: readonly SubjectId[], subject: SubjectId): readonly SubjectId[] {
  return removed.filter((each) => !same(each, subject));
}
