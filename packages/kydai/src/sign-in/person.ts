import { recordKind } from '@kydai/contracts';
import { z } from 'zod';

/** A signed-in person. */
export const Person = z
  .strictObject({
    id: z.string().min(1).max(256),
    name: z.string().max(200),
    /** The name by which logs know them, where the provider tells one. */
    login: z.string().max(256).optional(),
    roles: z.array(z.string().max(64)).max(32).readonly(),
    /** 1: one factor; 2: two factors, or the one-time link on the server itself. */
    assurance: z.number().int().min(0).max(3),
  })
  .readonly();
export type Person = z.infer<typeof Person>;

/** Who signs in by the link that the program prints: whoever can read the terminal or the data folder. */
export const localAdministrator: Person = {
  id: 'administrator',
  name: 'Quản trị viên tại máy chủ',
  roles: ['administrator'],
  assurance: 2,
};

/** What is remembered of a person from one sign-in to the next. */
const KnownPerson = z.strictObject({
  id: z.string(),
  roles: z.array(z.string()).readonly(),
  /** The roles that enforcement points were told of last. */
  told: z.array(z.string()).readonly(),
  signedIn: z.number(),
});
export type KnownPerson = z.infer<typeof KnownPerson>;

export const knownPeople = recordKind<KnownPerson>({
  name: 'known_people',
  schema: KnownPerson,
  key: ({ id }) => id,
  indexes: { untold: ({ roles, told }) => roles.join('\n') !== told.join('\n') },
});
