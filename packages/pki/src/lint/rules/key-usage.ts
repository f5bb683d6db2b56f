import { readKeyUsage } from '../../x509/extension.ts';
import { Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const keyUsage: ShapeRule = {
  id: 'key-usage',
  citation: 'RFC 5280 section 4.2.1.3',
  check: ({ profile, publicKey, extension }) => {
    const found = extension(Oid.keyUsage);
    if (found?.critical !== true) return 'key usage is absent or not critical';
    const usages = readKeyUsage(found.value);
    const allowed: readonly string[] = profile.keyUsage[publicKey.family];
    const extra = usages.find((usage) => !allowed.includes(usage));
    if (extra !== undefined) return `key usage ${extra} is not for ${publicKey.keyType} keys here`;
    return usages.length === allowed.length ? undefined : 'key usage leaves out what the profile gives';
  },
};
