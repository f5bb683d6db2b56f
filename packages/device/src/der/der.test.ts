import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificationRequest } from '../enrol/request.ts';
import { createDeviceKey } from '../key/create.ts';
import { certsOnly, readRequest, TestAuthority } from '../testing/authority.ts';
import { certificatesOf, elements } from './read.ts';
import { element, integer, objectIdentifier } from './write.ts';

describe('der', () => {
  it('reads back every element that it writes, of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 8 }), (parts) => {
        const written = Buffer.concat(parts.map((part) => element(0x04, part)));
        expect(elements(written).map(({ contents }) => contents)).toEqual(
          parts.map((part) => Buffer.from(part)),
        );
      }),
    );
    const large = element(0x04, Buffer.alloc(70_000));
    expect(elements(large)[0]!.contents.length).toBe(70_000);
  });

  it('never reads outside of what it was given', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        try {
          const found = elements(Buffer.from(octets));
          expect(Buffer.concat(found.map(({ whole }) => whole))).toEqual(Buffer.from(octets));
        } catch (error) {
          expect(error).toMatchObject({ code: 'answer-unreadable' });
        }
      }),
    );
  });

  it('encodes integers and object identifiers as X.690 does', () => {
    expect(integer(0).toString('hex')).toBe('020100');
    expect(integer(128).toString('hex')).toBe('02020080');
    expect(objectIdentifier('1.2.840.10045.4.3.2').toString('hex')).toBe('06082a8648ce3d040302');
  });

  it('finds the certificates of a message, and in a broken message fails with a code', () => {
    const authority = new TestAuthority();
    const message = certsOnly([authority.certificate]);
    expect(certificatesOf(message)).toEqual([authority.certificate.raw]);
    for (let cut = 0; cut < message.length; cut += 7) {
      expect(() => certificatesOf(message.subarray(0, cut))).toThrow(
        expect.objectContaining({ code: 'answer-unreadable' }),
      );
    }
  });
});

describe('a certification request', () => {
  it('names the device and is signed by its key', () => {
    const key = createDeviceKey();
    const request = readRequest(certificationRequest(key, 'cam-001', ['rtsp.cam-001']));
    expect(request).toMatchObject({ subject: 'cam-001', verified: true });
    expect(request.publicKey.equals(key.publicKey)).toBe(true);
  });

  it('is not made for a name that the register would refuse', () => {
    for (const name of ['', 'Cam', 'a b', '-a', 'x'.repeat(65), 'cam\n001']) {
      expect(() => certificationRequest(createDeviceKey(), name)).toThrow(
        expect.objectContaining({ code: 'input-invalid' }),
      );
    }
  });
});
