/** Types of entities about which one can ask; of a policy it is asked what would be without it. */
export const subjects = [
  'Device',
  'User',
  'Service',
  'Agency',
  'Zone',
  'Dataset',
  'Build',
  'Policy',
] as const;
export type Subject = (typeof subjects)[number];

/** What the API is told: a change of an entity, or a policy to be left out of a replay. */
export type Question =
  | {
      readonly entity: { readonly type: string; readonly id: string };
      readonly set?: Readonly<Record<string, boolean | number>>;
      readonly join?: readonly { readonly type: string; readonly id: string }[];
      readonly leave?: readonly { readonly type: string; readonly id: string }[];
      readonly remove?: true;
    }
  | { readonly policy: string; readonly hours: number };

/** What may happen, to which types, and what else must be said. */
const happenings = {
  quarantine: { to: ['Device'], set: { quarantined: true } },
  uncertified: { to: ['Device'], set: { certified: false } },
  release: { to: ['Device'], set: { quarantined: false } },
  risk: { to: ['Device', 'User', 'Service'], score: 'risk' },
  firmware: { to: ['Device'], score: 'firmware' },
  leave: { to: ['User'], group: 'leave', type: 'Role' },
  join: { to: ['User'], group: 'join', type: 'Role' },
  'one-factor': { to: ['User'], set: { assurance: 1 } },
  suspicion: { to: ['User', 'Device'], score: 'suspicion' },
  'leave-agency': { to: ['User', 'Device', 'Agency'], group: 'leave', type: 'Agency' },
  'leave-zone': { to: ['Device', 'Service', 'Zone', 'Dataset'], group: 'leave', type: 'Zone' },
  'join-zone': { to: ['Device', 'Service', 'Zone', 'Dataset'], group: 'join', type: 'Zone' },
  block: { to: ['Build'], set: { blocked: true } },
  remove: { to: ['Device', 'User', 'Service', 'Agency', 'Zone', 'Dataset', 'Build'], remove: true },
  without: { to: ['Policy'], hours: true },
} as const satisfies Record<
  string,
  {
    readonly to: readonly Subject[];
    readonly set?: Readonly<Record<string, boolean | number>>;
    readonly score?: string;
    readonly group?: 'join' | 'leave';
    readonly type?: string;
    readonly remove?: true;
    readonly hours?: true;
  }
>;
export type Happening = keyof typeof happenings;
type Shape = (typeof happenings)[Happening] & {
  readonly set?: Readonly<Record<string, boolean | number>>;
  readonly score?: string;
  readonly group?: 'join' | 'leave';
  readonly type?: string;
  readonly hours?: true;
};

/** What may happen to one of this type, the likeliest first. */
export function happeningsOf(subject: Subject): readonly Happening[] {
  return (Object.keys(happenings) as Happening[]).filter((one) =>
    (happenings[one].to as readonly Subject[]).includes(subject),
  );
}

/** What has to be said besides: a score from 0 to 100, the id of a group of some type, or how far back to look. */
export type Need =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'score' }
  | { readonly kind: 'hours' }
  | { readonly kind: 'group'; readonly type: string };

export function needOf(happening: Happening): Need {
  const shape: Shape = happenings[happening];
  if (shape.score !== undefined) return { kind: 'score' };
  if (shape.hours === true) return { kind: 'hours' };
  return shape.type === undefined ? { kind: 'nothing' } : { kind: 'group', type: shape.type };
}

/** The question as the API takes it; undefined while something is missing. */
export function questionOf(
  subject: Subject,
  id: string,
  happening: Happening,
  value: string,
): Question | undefined {
  if (id === '' || !happeningsOf(subject).includes(happening)) return undefined;
  const shape: Shape = happenings[happening];
  const number = Number(value);
  if (shape.hours === true) return value !== '' && number > 0 ? { policy: id, hours: number } : undefined;
  const entity = { type: subject, id };
  if (shape.score !== undefined) {
    const isScore = value !== '' && Number.isInteger(number) && number >= 0 && number <= 100;
    return isScore ? { entity, set: { [shape.score]: number } } : undefined;
  }
  if (shape.group !== undefined)
    return value === '' ? undefined : { entity, [shape.group]: [{ type: shape.type!, id: value }] };
  return shape.set === undefined ? { entity, remove: true } : { entity, set: shape.set };
}
