import { DeviceKind } from '@kydai/contracts';
import { z } from 'zod';

const onOff = z.enum(['on', 'off']);

/** Settings of the certificate authority, section `pki` of the configuration. */
export const PkiSettings = z
  .strictObject({
    site: z
      .string()
      .max(64)
      .default('')
      .describe(
        'name of this site, told with every handshake; keys that speak from two sites are found by it',
      ),
    approval: onOff
      .default('off')
      .describe('keep requests without a token for a person to approve (`kydai pki applications`)'),
    serverKeys: onOff.default('off').describe('make keys for devices that cannot (EST serverkeygen)'),
    binding: z
      .enum(['optional', 'required'])
      .default('optional')
      .describe('whether requests must be bound to their TLS connection (tls-exporter, tls-unique)'),
    keys: z
      .strictObject({
        store: z
          .enum(['file', 'pkcs11'])
          .default('file')
          .describe('where new keys of authorities are made: file (encrypted) or pkcs11 (a token, HSM)'),
        module: z.string().default('').describe('path of the token’s PKCS#11 module'),
        token: z.string().max(32).default('').describe('label of the token'),
        pin: z.string().default('').describe('PIN; better given by its environment variable or pinFile'),
        pinFile: z.string().default('').describe('file with the PIN, readable by this program alone'),
        sessions: z.number().int().min(1).max(64).default(4).describe('signatures made at a time'),
        patienceSeconds: z
          .number()
          .min(1)
          .max(300)
          .default(20)
          .describe('seconds after which a signature that the token did not make has failed'),
      })
      .prefault({}),
    ocspNonce: z
      .enum(['echo', 'omit'])
      .default('echo')
      .describe(
        'OCSP requests with a nonce: echo (signed for each) or omit (answers signed ahead, no nonce)',
      ),
    labels: z
      .array(
        z.strictObject({
          label: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be lower-case words with hyphens'),
          zone: z.string().min(1).max(64).optional(),
          kind: DeviceKind.optional(),
        }),
      )
      .max(1000)
      .default([])
      .describe('fleets with an EST path of their own, /.well-known/est/<label>/: label, zone, kind'),
    graceDays: z
      .number()
      .int()
      .min(0)
      .max(365)
      .default(0)
      .describe('days after its end in which a certificate may still prove a renewal'),
    manufacturers: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-z0-9-]{1,40}$/, 'must be lower-case words with hyphens'),
          file: z.string().min(1),
        }),
      )
      .max(100)
      .default([])
      .describe('manufacturers whose device certificates (IDevID) prove a first enrolment: name, PEM file'),
  })
  .prefault({});

/** Where keys are: `pki.keys`. */
export type KeySettings = z.infer<typeof PkiSettings>['keys'];
