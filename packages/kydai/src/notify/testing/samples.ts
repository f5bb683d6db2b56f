import type { Device } from '@kydai/contracts';
import { supportedEvents } from '../ssf/caep.ts';
import type { SetSigner } from '../ssf/signer.ts';
import { pollDelivery, type SsfStream } from '../ssf/streams.ts';

const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs nothing, so that thousands are quick. */
export const plainSigner: SetSigner = {
  jwk: {},
  sign: async ({ issuer, audience, jti, event }) =>
    `${text({})}.${text({ iss: issuer, aud: audience, jti, sub_id: event.subject, events: { [event.type]: event.claims } })}.`,
};

/** A stream that polls. */
export const receiver = (id: string, more: Partial<SsfStream> = {}): SsfStream => ({
  id,
  owner: 'token:r',
  method: pollDelivery,
  requested: supportedEvents,
  removed: [],
  status: 'enabled',
  created: 1,
  lost: 0,
  ...more,
});

export const camera = (id: string, quarantined: boolean): Device => ({
  id,
  kind: 'camera',
  zone: 'north',
  operationalTechnology: false,
  quarantined,
  risk: 0,
  addresses: [],
  enrolled: 1,
  drill: false,
});
