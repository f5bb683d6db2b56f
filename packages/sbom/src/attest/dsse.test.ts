import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasOpenssl } from '@kydai/contracts/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { openEnvelope, signEnvelope, type Trust } from './dsse.ts';

function signer(kind: string) {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const options = {
    P256: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    P384: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
    Ed25519: ['ed25519'],
    RSA: ['rsa:2048'],
  };
  const [type, ...more] = options[kind as keyof typeof options];
  const args = [
    'req',
    '-x509',
    '-newkey',
    type!,
    ...more,
    '-nodes',
    '-keyout',
    at('k'),
    '-out',
    at('c'),
    '-subj',
    '/CN=ci',
    '-days',
    '2',
  ];
  execFileSync('openssl', args, { stdio: 'pipe' });
  return { keyPem: readFileSync(at('k'), 'utf8'), chainPem: readFileSync(at('c'), 'utf8') };
}
const everyone: Trust = () => ({ subject: 'ci' });

describe.runIf(hasOpenssl)('an envelope', () => {
  let ci: ReturnType<typeof signer>;
  beforeAll(() => {
    ci = signer('P256');
  });

  it.each(['P256', 'P384', 'Ed25519', 'RSA'])('signed with a key of %s opens again', (kind) => {
    const envelope = signEnvelope('{"a":"Đài"}', signer(kind));
    expect(openEnvelope(JSON.parse(JSON.stringify(envelope)), everyone)).toEqual({
      payload: '{"a":"Đài"}',
      signers: ['ci'],
    });
  });

  it('is refused when anything in it was changed', () => {
    const envelope = signEnvelope('{"verdict":"fail"}', ci);
    const [signature] = envelope.signatures;
    const other = signEnvelope('{"verdict":"fail"}', signer('P256'));
    for (const changed of [
      { ...envelope, payload: Buffer.from('{"verdict":"pass"}').toString('base64') },
      { ...envelope, payloadType: 'text/plain' },
      { ...envelope, signatures: [] },
      { ...envelope, signatures: [{ ...signature!, cert: '' }] },
      { ...envelope, signatures: [{ ...signature!, cert: other.signatures[0]!.cert }] },
      { ...envelope, signatures: [signature!, { ...other.signatures[0]!, sig: signature!.sig }] },
      null,
      [],
    ]) {
      expect(() => openEnvelope(changed, everyone)).toThrow(expect.objectContaining({ code: 'attestation' }));
    }
  });

  it('of a signer whose path is not trusted is refused with the reason', () => {
    const distrust: Trust = () => ({ fault: 'certificate is revoked' });
    expect(() => openEnvelope(signEnvelope('{}', ci), distrust)).toThrow(/certificate is revoked/);
  });

  it('is not made where key and certificate do not belong together', () => {
    const mixed = { keyPem: ci.keyPem, chainPem: signer('P256').chainPem };
    for (const wrong of [mixed, { ...ci, keyPem: '' }, { ...ci, chainPem: '' }]) {
      expect(() => signEnvelope('{}', wrong)).toThrow(expect.objectContaining({ code: 'signer' }));
    }
  });

  it('keeps any payload as it was', () => {
    fc.assert(
      fc.property(fc.json(), (payload) => {
        expect(openEnvelope(signEnvelope(payload, ci), everyone).payload).toBe(payload);
      }),
      { numRuns: 20 },
    );
  });
});
