import { describe, expect, it } from 'vitest';
import { certificateOf, forwardedCertificate } from './certificate.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';

describe('the certificate in a header', () => {
  it('is read from percent-encoded PEM', () => {
    expect(certificateOf(encodeURIComponent(pem))).toEqual(Buffer.from('3000', 'hex'));
  });

  it.each([
    ['nothing', ''],
    ['a bad escape', '%E0%A4%A'],
    ['two certificates', encodeURIComponent(pem + pem)],
    ['another kind of PEM', encodeURIComponent(pem.replaceAll('CERTIFICATE', 'PRIVATE KEY'))],
    ['something before it', encodeURIComponent(`x${pem}`)],
    ['more than 16 KiB', encodeURIComponent(pem.replace('MAA=', 'A'.repeat(20_000)))],
  ])('is none for %s', (_, header) => {
    expect(certificateOf(header)).toBeUndefined();
  });

  it('is that of the proxy before us where several forwarded one', () => {
    const header = 'By=a;Cert="forged";Subject="CN=x,O=\\"y;Cert=z",By=b;Hash=1;Cert="%2D%2D";Chain="c"';
    expect(forwardedCertificate(header)).toBe('%2D%2D');
  });

  it.each([
    ['none', 'By=a;Hash=b'],
    ['two in one element', 'Cert="a";Cert="b"'],
    ['one inside quotes', 'Subject="a;Cert=b"'],
    ['one in an earlier element only', 'Cert="a",By=b'],
    ['an open quote', 'Cert="a'],
  ])('is none where Envoy forwarded %s', (_, header) => {
    expect(forwardedCertificate(header)).toBeUndefined();
  });
});
