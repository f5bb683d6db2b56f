import { MemoryRecords } from '@kydai/contracts/testing';
import { describe, expect, it } from 'vitest';
import { openAuthority } from '../authority/authority.ts';
import { fastCost, HandClock, makeCsr, passphrase, temporaryFolder } from '../fixtures/city.ts';
import { openKeyStore } from '../keys/key-store.ts';
import { findPath } from '../path/build.ts';
import { revocationBy } from '../path/revocation.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readCrl } from '../x509/crl.ts';
import { formatName } from '../x509/name.ts';
import { fromPem } from '../x509/pem.ts';
import { readRequest, verifyRequest } from '../x509/request.ts';
import { importCeremony } from './import.ts';
import {
  createOfflineRoot,
  requestForRoot,
  requestsForIssuing,
  signIssuing,
  signRootCrl,
} from './offline.ts';

const organization = 'Thành phố Huế';
const publicUrl = 'http://pki.hue.example';

async function machines() {
  const clock = new HandClock();
  const open = async () => openKeyStore({ folder: await temporaryFolder(), passphrase, cost: fastCost });
  const [offline, server] = [await open(), await open()];
  const ceremony = { keys: offline, clock, organization, publicUrl };
  const records = new MemoryRecords();
  const start = () =>
    openAuthority({
      records,
      keys: server,
      clock,
      decide: () => ({ allowed: true, outcome: 'permitted', determining: [], failures: [], policySet: '' }),
      publicUrl,
      organization,
    });
  return { clock, server, ceremony, records, start };
}

describe('a ceremony', () => {
  it('signs the authorities on a machine of its own; the server issues without ever having had the root key', async () => {
    const { clock, server, ceremony, records, start } = await machines();
    const rootPem = await createOfflineRoot(ceremony);
    const requests = await requestsForIssuing({ keys: server, organization });
    const issuingPem = {
      'device-ca': await signIssuing(ceremony, rootPem, 'device-ca', requests['device-ca']),
      'service-ca': await signIssuing(ceremony, rootPem, 'service-ca', requests['service-ca']),
    };
    await importCeremony({ records, keys: server, clock, rootPem, issuingPem, by: 'user:lan' });
    const authority = await start();
    expect(authority.root.pem).toBe(rootPem);
    expect(await server.list()).toEqual(['device-ca-1', 'service-ca-1']);
    await expect(authority.crl('root')).rejects.toMatchObject({ code: 'unknown-issuer' });
    await authority.importRootCrl(
      await signRootCrl(ceremony, rootPem, { number: 1, revoked: [] }),
      'user:lan',
    );
    await expect(
      authority.importRootCrl(await signRootCrl(ceremony, rootPem, { number: 1, revoked: [] }), 'user:lan'),
    ).rejects.toMatchObject({ code: 'conflict' });
    const csr = makeCsr('cam-001');
    const issued = await authority.issue({ csr, profile: 'device', subject: 'cam-001', by: 'user:lan' });
    const crls = [await authority.crl('root'), await authority.crl('device-ca')].map((der) => readCrl(der));
    const pool = [readCertificate(authority.certificateOf('device-ca'))];
    const sources = {
      crls,
      pool,
      anchors: [readCertificate(authority.certificateOf('root'))],
      at: clock.now(),
    };
    const leaf = readCertificate(Buffer.from(issued.der, 'base64'));
    expect(findPath(leaf, pool, { ...sources, revocation: revocationBy(sources) }).path).toHaveLength(2);
    await expect(authority.rollOver('device-ca', 'user:lan')).rejects.toMatchObject({ code: 'key-missing' });
    expect(records.audit.filter(({ action }) => action === 'authority.import')).toHaveLength(3);
  });

  it('takes in nothing that does not fit together', async () => {
    const { clock, server, ceremony, records, start } = await machines();
    const rootPem = await createOfflineRoot(ceremony);
    const requests = await requestsForIssuing({ keys: server, organization });
    await expect(signIssuing(ceremony, rootPem, 'device-ca', requests['service-ca'])).rejects.toMatchObject({
      code: 'subject-mismatch',
    });
    await expect(createOfflineRoot(ceremony)).rejects.toMatchObject({ code: 'key-exists' });
    const device = await signIssuing(ceremony, rootPem, 'device-ca', requests['device-ca']);
    const options = { records, keys: server, clock, rootPem, by: 'user:lan' };
    const swapped = { 'device-ca': device, 'service-ca': device };
    await expect(importCeremony({ ...options, issuingPem: swapped })).rejects.toMatchObject({
      code: 'key-mismatch',
    });
    const other = await machines();
    const foreignRoot = await createOfflineRoot(other.ceremony);
    await expect(
      importCeremony({ ...options, rootPem: foreignRoot, issuingPem: swapped }),
    ).rejects.toMatchObject({ code: 'certificate-refused' });
    expect(records.commits).toBe(0);
    await expect(start()).resolves.toBeDefined();
    await expect(importCeremony({ ...options, issuingPem: swapped })).rejects.toMatchObject({
      code: 'bad-setting',
    });
  });

  it('makes a request that a national root can sign', async () => {
    const { ceremony } = await machines();
    const request = readRequest(fromPem('CERTIFICATE REQUEST', await requestForRoot(ceremony))[0]!);
    await verifyRequest(request);
    expect([formatName(request.subject), request.publicKey.keyType]).toEqual([
      `CN=Root CA 1,O=${organization}`,
      'EC-P384',
    ]);
  });
});
