import { sign } from 'node:crypto';
import {
  bitString,
  context,
  contextPrimitive,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  utf8String,
} from '../der/write.ts';
import { DeviceError } from '../error.ts';
import type { DeviceKey } from '../key/create.ts';

const commonName = '2.5.4.3';
const extensionRequest = '1.2.840.113549.1.9.14';
const challengePassword = '1.2.840.113549.1.9.7';
const subjectAltName = '2.5.29.17';
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';

/** What the asset register accepts as a device's id. */
export const deviceIdPattern = /^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/;

/**
 * A PKCS #10 certification request (RFC 2986 section 4) in DER: the device's id as common name, DNS names under
 * subjectAltName (RFC 5280 section 4.2.1.6) where there are any, a challengePassword where one is given, signed with ECDSA
 * and SHA-256 (RFC 5758 section 3.2).
 */
export function certificationRequest(
  key: DeviceKey,
  deviceId: string,
  names: readonly string[] = [],
  challenge?: string,
): Buffer {
  if (!deviceIdPattern.test(deviceId)) {
    throw new DeviceError(
      'input-invalid',
      `\`${deviceId.slice(0, 80)}\` is no device id; use a-z, 0-9, dots and hyphens`,
    );
  }
  const subject = sequence(setOf(sequence(objectIdentifier(commonName), utf8String(deviceId))));
  const publicKey = key.publicKey.export({ type: 'spki', format: 'der' });
  const attributes = [
    ...(names.length === 0 ? [] : [requestedExtensions(names)]),
    ...(challenge === undefined
      ? []
      : [sequence(objectIdentifier(challengePassword), setOf(utf8String(challenge)))]),
  ];
  const info = sequence(integer(0), subject, publicKey, context(0, ...attributes));
  const signature = sign('sha256', info, key.privateKey);
  return sequence(info, sequence(objectIdentifier(ecdsaWithSha256)), bitString(signature));
}

function requestedExtensions(names: readonly string[]): Buffer {
  const dnsNames = names.map((name) => {
    if (!/^[a-z0-9.-]{1,253}$/.test(name)) {
      throw new DeviceError('input-invalid', `\`${name.slice(0, 80)}\` is no dns name`);
    }
    return contextPrimitive(2, Buffer.from(name, 'ascii'));
  });
  const extension = sequence(objectIdentifier(subjectAltName), octetString(sequence(...dnsNames)));
  return sequence(objectIdentifier(extensionRequest), setOf(sequence(extension)));
}
