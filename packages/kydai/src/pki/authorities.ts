import { X509Certificate } from 'node:crypto';
import type { AuthorityView, RecordStore } from '@kydai/contracts';
import { type Authority, authorities, certificates, publishedCrls, readCertificate } from '@kydai/pki';

/** Every authority of ours with its end, its key's place and the state of its CRL, newest generation last. */
export async function authorityViews(records: RecordStore, authority: Authority): Promise<AuthorityView[]> {
  const { records: found } = await records.find(authorities, { order: 'generation', limit: 1000 });
  const newest = new Map(found.map(({ value }) => [value.role, value.id]));
  return Promise.all(
    found.map(async ({ value: { id, role, generation, serial, offline = false } }) => {
      const der = authority.certificateOf(id);
      const { notBefore, notAfter } = readCertificate(der);
      const shown = new X509Certificate(der);
      const record = (await records.get(certificates, serial))?.value;
      const crl = (await records.get(publishedCrls, id))?.value;
      return {
        id,
        role,
        generation,
        serial,
        subject: shown.subject.replaceAll('\n', ', '),
        fingerprint: record?.fingerprint ?? '',
        keyType: record?.keyType ?? '',
        notBefore,
        notAfter,
        issuing: newest.get(role) === id,
        offline,
        issued: await records.count(certificates, { issuer: id }),
        revoked: await records.count(certificates, { issuer: id, revokedAt: { gt: 0 } }),
        crl:
          crl === undefined
            ? null
            : { number: crl.number, thisUpdate: crl.thisUpdate, nextUpdate: crl.nextUpdate },
      };
    }),
  );
}
