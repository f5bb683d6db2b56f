import { acceptsKey } from '../../profile/profile.ts';
import type { ShapeRule } from '../rule.ts';

export const keyType: ShapeRule = {
  id: 'key-type',
  citation: 'our profile: the key types that it accepts',
  check: ({ publicKey, profile }) =>
    acceptsKey(profile, publicKey) ? undefined : `key of type ${publicKey.keyType} is not accepted`,
};
