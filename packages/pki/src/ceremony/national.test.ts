import { MemoryRecords } from '@kydai/contracts/testing';
import { describe, expect, it } from 'vitest';
import { openAuthority } from '../authority/authority.ts';
import { fastCost, HandClock, makeCsr, passphrase, temporaryFolder } from '../fixtures/city.ts';
import { authorityExtensions, type Foreign, foreignAuthority } from '../fixtures/foreign.ts';
import { openKeyStore } from '../keys/key-store.ts';
import { ocspRequestFor } from '../ocsp/ask.ts';
import { findPath } from '../path/build.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readCertsOnly } from '../x509/cms.ts';
import { type Extension, extension } from '../x509/extension.ts';
import { textName } from '../x509/general-name.ts';
import { readOcspResponse } from '../x509/ocsp-response.ts';
import { Oid } from '../x509/oids.ts';
import { fromPem } from '../x509/pem.ts';
import { readRequest } from '../x509/request.ts';
import { importCeremony } from './import.ts';
import { type IssuingRole, requestsForIssuing } from './offline.ts';

const organization = 'Thành phố Huế';

/** National root -> province -> what the city asks for. */
async function country() {
  const clock = new HandClock();
  const now = clock.now();
  const root = foreignAuthority({ commonName: 'National Root', now });
  const province = foreignAuthority({ commonName: 'Province', issuer: root, now });
  const keys = await openKeyStore({ folder: await temporaryFolder(), passphrase, cost: fastCost });
  const requests = await requestsForIssuing({ keys, organization });
  const records = new MemoryRecords();
  const signed = (
    role: IssuingRole,
    change: { issuer?: Foreign; extensions?: readonly Extension[]; days?: number; request?: string } = {},
  ): string => {
    const { publicKey } = readRequest(fromPem('CERTIFICATE REQUEST', change.request ?? requests[role])[0]!);
    const { extensions = authorityExtensions(0) } = change;
    return foreignAuthority({
      commonName: `Hue ${role} ${change.request === undefined ? 1 : 2}`,
      issuer: change.issuer ?? province,
      spki: publicKey.spki,
      now,
      days: change.days ?? 1825,
      extensions,
    }).pem;
  };
  const bring = (files: { root?: string; chain?: string; device?: string; service?: string } = {}) =>
    importCeremony({
      records,
      keys,
      clock,
      rootPem: files.root ?? root.pem,
      chainPem: files.chain ?? province.pem,
      issuingPem: {
        'device-ca': files.device ?? signed('device-ca'),
        'service-ca': files.service ?? signed('service-ca'),
      },
      by: 'user:lan',
    });
  const start = () =>
    openAuthority({
      records,
      keys,
      clock,
      decide: () => ({ allowed: true, outcome: 'permitted', determining: [], failures: [], policySet: '' }),
      publicUrl: 'http://pki.hue.example',
      organization,
    });
  return { clock, root, province, records, signed, bring, start };
}

describe('under a national root', () => {
  it('issues below a longer chain, and gives every part of it to who asks', async () => {
    const { clock, root, province, bring, start } = await country();
    const imported = await bring();
    expect(imported[0]).toMatchObject({
      id: 'device-ca-1',
      path: [
        'CN=Hue device-ca 1,O=Ban Cơ yếu,C=VN',
        'CN=Province,O=Ban Cơ yếu,C=VN',
        'CN=National Root,O=Ban Cơ yếu,C=VN',
      ],
    });
    const authority = await start();
    const anchors = [readCertificate(fromPem('CERTIFICATE', root.pem)[0]!)];
    const csr = makeCsr('cam-001');
    const issued = await authority.issue({ csr, profile: 'device', subject: 'cam-001', by: 'user:lan' });
    const leaf = Buffer.from(issued.der, 'base64');
    const pool = readCertsOnly(authority.caCertificates()).map((der) => readCertificate(der));
    expect(pool).toHaveLength(4);
    expect(findPath(readCertificate(leaf), pool, { anchors, at: clock.now() }).path).toHaveLength(3);
    const { chainPem } = await authority.serverCertificate({ names: ['localhost'] });
    const served = fromPem('CERTIFICATE', chainPem).map((der) => readCertificate(der));
    expect(served).toHaveLength(3);
    expect(findPath(served[0]!, served.slice(1), { anchors, at: clock.now() }).path).toBeDefined();
    expect(chainPem).toContain(province.pem);
    expect(authority.chainPem('device-ca')).toContain(root.pem);
    expect(await authority.verifyClient(leaf)).toMatchObject({ ok: true, device: 'cam-001' });
    const request = ocspRequestFor(authority.certificateOf('device-ca'), leaf);
    expect(readOcspResponse(await authority.ocsp(request)).singles[0]?.state).toBe('good');
    expect((await authority.health()).problems).toEqual([]);
    expect((await start()).issuers()).toEqual(['root-1', 'device-ca-1', 'service-ca-1']);
  });

  it('takes the whole chain from the file of the certificate too', async () => {
    const { province, signed, bring } = await country();
    const device = signed('device-ca') + province.pem;
    await expect(
      bring({ chain: '', device, service: signed('service-ca') + province.pem }),
    ).resolves.toHaveLength(2);
  });

  it('makes the next generation by a request and its certificate', async () => {
    const { root, bring, start, signed } = await country();
    await bring();
    const authority = await start();
    const { id, request } = await authority.requestNext('device-ca');
    expect([id, (await authority.requestNext('device-ca')).id]).toEqual(['device-ca-2', 'device-ca-2']);
    await expect(authority.rollOver('device-ca', 'user:lan')).rejects.toMatchObject({ code: 'key-missing' });
    const certificatePem = signed('device-ca', { request, issuer: root });
    await expect(
      authority.importNext('device-ca', { certificatePem: signed('device-ca') }, 'user:lan'),
    ).rejects.toMatchObject({ code: 'key-mismatch' });
    await authority.importNext('device-ca', { certificatePem }, 'user:lan');
    const issued = await authority.issue({
      csr: makeCsr('cam-2'),
      profile: 'device',
      subject: 'cam-2',
      by: 'user:lan',
    });
    expect(issued.issuer).toBe('device-ca-2');
    expect((await start()).issuers()).toContain('device-ca-2');
  });

  it('refuses what could not do its work, and says who must mend what', async () => {
    const { clock, root, province, records, signed, bring } = await country();
    const other = foreignAuthority({ commonName: 'Other Root', now: clock.now() });
    const narrow = foreignAuthority({
      commonName: 'Narrow',
      issuer: root,
      now: clock.now(),
      extensions: authorityExtensions(0),
    });
    const with_ = (...more: Extension[]) => [...authorityExtensions(0), ...more];
    const cases: [RegExp, Parameters<typeof bring>[0]][] = [
      [/no path leads from it to the root; its issuer is `CN=Province/, { chain: '' }],
      [/no path leads|signature is not by the issuer/, { root: other.pem }],
      [/it is issued by `CN=National Root.*give that one as the root/, { root: province.pem }],
      [
        /signed with basicConstraints CA:TRUE/,
        { device: signed('device-ca', { extensions: [extension.basicConstraints(false)] }) },
      ],
      [
        /key usage leaves out cRLSign/,
        {
          device: signed('device-ca', {
            extensions: [extension.basicConstraints(true, 0), extension.keyUsage(['keyCertSign'])],
          }),
        },
      ],
      [
        /`CN=Narrow.*path length 0 does not allow the 1 authorities below it/,
        { chain: narrow.pem + province.pem, device: signed('device-ca', { issuer: narrow }) },
      ],
      [
        /extended key usage leaves out .*clientAuth/i,
        { device: signed('device-ca', { extensions: with_(extension.extendedKeyUsage([Oid.serverAuth])) }) },
      ],
      [
        /name constraints forbid what is issued here/,
        {
          device: signed('device-ca', {
            extensions: with_(extension.nameConstraints([textName('hue.gov.vn')], [])),
          }),
        },
      ],
      [/not valid at this time/, { device: signed('device-ca', { days: -0.5 }) }],
      [/is not for the key that waits here/, { device: signed('service-ca') }],
      [/holds no CERTIFICATE/, { device: 'nothing' }],
    ];
    for (const [pattern, files] of cases) {
      await expect(bring(files)).rejects.toThrow(pattern);
    }
    expect(records.commits).toBe(0);
    await bring();
  });
});
