import { type Certificate, write } from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';
import { certificates } from '@kydai/pki';
import { beforeAll, describe, expect, it } from 'vitest';
import { countCertificates } from './certificate-counts.ts';

const records = new MemoryRecords();
const now = 1000;

const certificate = (serial: string, profile: string, notAfter: number, isRevoked = false): Certificate => ({
  serial,
  profile,
  notAfter,
  issuer: 'device-ca-1',
  subject: serial,
  names: [],
  keyType: 'EC-P256',
  keyDigest: serial,
  fingerprint: serial,
  notBefore: 0,
  issued: 0,
  requester: 'token:x',
  der: '',
  ...(isRevoked ? { revoked: { at: 5, reason: 'superseded', by: 'user:lan' } } : {}),
});

describe('how many certificates there are', () => {
  beforeAll(() =>
    records.commit(
      [
        certificate('01', 'device', 2000),
        certificate('02', 'device', 3000),
        certificate('03', 'device', 3000, true),
        certificate('04', 'device', 500),
        certificate('05', 'device', 500, true),
        certificate('06', 'service', 2000),
        certificate('07', 'service', 2000, true),
        certificate('08', 'root', 9000),
      ].map((each) => write.insert(certificates, each)),
    ),
  );

  it.each<[Parameters<typeof countCertificates>[1], number]>([
    [{}, 8],
    [{ revoked: true }, 3],
    [{ revoked: false }, 5],
    [{ profile: 'device' }, 5],
    [{ profile: 'service' }, 2],
    [{ profile: 'staff' }, 0],
    [{ profile: 'device', revoked: false, notAfter: { gt: now } }, 2],
    [{ profile: 'device', revoked: true, notAfter: { gt: now } }, 1],
    [{ profile: 'device', revoked: false, notAfter: { gt: now, lte: 2500 } }, 1],
    [{ revoked: false, notAfter: { gt: now } }, 4],
    [{ notAfter: { lte: now } }, 2],
  ])('is told of %j', async (sort, expected) => {
    expect(await countCertificates(records, sort)).toBe(expected);
  });
});
