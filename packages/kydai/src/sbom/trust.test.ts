import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasOpenssl } from '@kydai/contracts/testing';
import { certificatesOf } from '@kydai/sbom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trustBy, trustPeopleBy } from './trust.ts';

const folder = mkdtempSync(join(tmpdir(), 'kydai-trust-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function authority(name: string): string {
  const extensions = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign',
  ];
  openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.pem`,
    '-subj',
    `/CN=${name}`,
    ...extensions,
  );
  return name;
}

/** The chain of a certificate for these purposes, DER. */
function certified(by: string, name: string, purposes: string): readonly Uint8Array[] {
  openssl('req', '-new', ...ec, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  writeFileSync(
    at('extensions'),
    `basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${purposes}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n`,
  );
  const signing = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', 'extensions', '-out', `${name}.pem`);
  return certificatesOf(readFileSync(at(`${name}.pem`), 'utf8'));
}

describe.runIf(hasOpenssl)('trust in certificates', () => {
  const [staff, elsewhere] = ['staff-ca', 'elsewhere'];
  const clock = { now: Date.now };
  let roots: readonly Uint8Array[];
  let lan: readonly Uint8Array[];
  let pipeline: readonly Uint8Array[];
  beforeAll(() => {
    authority(staff);
    authority(elsewhere);
    roots = certificatesOf(readFileSync(at(`${staff}.pem`), 'utf8'));
    lan = certified(staff, 'Lan', 'clientAuth');
    pipeline = certified(staff, 'portal-ci', 'serverAuth,clientAuth');
  });

  it('lets people accept risks, and services sign verdicts, and never the other way round', () => {
    expect(trustPeopleBy({ roots, clock })(lan)).toEqual({ subject: 'Lan' });
    expect(trustPeopleBy({ roots, clock })(pipeline)).toMatchObject({
      fault: expect.stringContaining('service'),
    });
    expect(trustBy({ roots, crls: [], clock })(pipeline)).toEqual({ subject: 'portal-ci' });
    expect(trustBy({ roots, crls: [], clock })(lan)).toHaveProperty('fault');
  });

  it('ends with the certificate, and at the authorities that were named', () => {
    const later = { now: () => Date.now() + 3 * 86_400_000 };
    expect(trustPeopleBy({ roots, clock: later })(lan)).toHaveProperty('fault');
    expect(trustPeopleBy({ roots, clock })(certified(elsewhere, 'Minh', 'clientAuth'))).toHaveProperty(
      'fault',
    );
    expect(trustPeopleBy({ roots: [], clock })(lan)).toHaveProperty('fault');
    expect(trustPeopleBy({ roots, clock })([])).toHaveProperty('fault');
    expect(trustPeopleBy({ roots, clock })([Buffer.from('no certificate')])).toHaveProperty('fault');
  });
});
