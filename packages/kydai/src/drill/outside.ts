import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { ocspRequestFor, readOcspResponse } from '@kydai/pki';
import { z } from 'zod';
import type { Addresses } from '../flow/addresses.ts';

/** The product as an outsider sees it: over its public interfaces alone. */
export interface Outside {
  /** AuthZEN: may the device publish its readings? With the reasons where it may not. */
  mayPublish(): Promise<{ allowed: boolean; reasons: string }>;
  /** The OCSP responder's word on the device's certificate. */
  certificateStatus(): Promise<string>;
  /** What the device itself gets when it publishes over TLS: the HTTP status. */
  publish(): Promise<number>;
}

const Evaluation = z.object({ decision: z.boolean(), context: z.record(z.string(), z.unknown()).optional() });

export function lookFromOutside(parts: {
  readonly addresses: Addresses;
  readonly deviceId: string;
  readonly certificatePem: string;
  readonly issuerPem: string;
  readonly keyPem: string;
  readonly rootPem: string;
}): Outside {
  const { addresses, deviceId, certificatePem, issuerPem, keyPem, rootPem } = parts;
  const certificate = new X509Certificate(certificatePem);
  const issuer = new X509Certificate(issuerPem);
  const ocspRequest = ocspRequestFor(issuer.raw, certificate.raw);
  return {
    async mayPublish() {
      const response = await fetch(`${addresses.http}/access/v1/evaluation`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          subject: { type: 'device', id: deviceId },
          action: { name: 'publish' },
          resource: { type: 'dataset', id: 'readings' },
        }),
      });
      const { decision, context } = Evaluation.parse(await response.json());
      return { allowed: decision, reasons: JSON.stringify(context ?? {}) };
    },
    async certificateStatus() {
      const response = await fetch(`${addresses.status}/pki/ocsp`, {
        method: 'POST',
        headers: { 'content-type': 'application/ocsp-request' },
        body: Buffer.from(ocspRequest),
      });
      const answer = readOcspResponse(new Uint8Array(await response.arrayBuffer()));
      return answer.singles[0]?.state ?? 'none';
    },
    publish: () =>
      new Promise((resolve, reject) => {
        const sent = request(
          `${addresses.devices}/publish/readings`,
          { method: 'POST', key: keyPem, cert: `${certificatePem}\n${issuerPem}`, ca: rootPem, agent: false },
          (response) => {
            response.resume();
            response.on('end', () => resolve(response.statusCode ?? 0));
          },
        );
        sent.on('error', reject);
        sent.end(JSON.stringify({ value: 21.4, unit: 'C' }));
      }),
  };
}

/** Asks every few milliseconds until the answer is the wanted one; resolves to when it was, undefined after `limit` ms. */
export async function until<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  limit: number,
): Promise<number | undefined> {
  const end = Date.now() + limit;
  while (Date.now() < end) {
    if (wanted(await ask())) return Date.now();
    await delay(5);
  }
  return undefined;
}
