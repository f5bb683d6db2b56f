import type { Clock, Event } from '@kydai/contracts';
import { type CloneSuspicion, createCloneWatch } from '@kydai/pki';
import type { Intake } from '@kydai/siem';

/**
 * Feeds the clone watch with every handshake that is told, by our own listener or by a site's own log, and tells a
 * suspicion as an event of the dataset `pki.clone`, which a rule makes a detection of.
 */
export function watchClones(parts: {
  readonly intake: Intake;
  readonly clock: Clock;
}): (events: readonly Event[]) => void {
  const { intake, clock } = parts;
  const watch = createCloneWatch({ clock });

  return (events) => {
    for (const { dataset, fields } of events) {
      if (dataset !== 'pki.tls') continue;
      const [device, fingerprint, site, address] = [
        'device.id',
        'tls.client.hash.sha256',
        'observer.site',
        'source.ip',
      ].map((name) => fields.get(name));
      if (typeof device !== 'string' || typeof fingerprint !== 'string') continue;
      const place = [site, address].filter((part) => typeof part === 'string' && part !== '').join(' ');
      // A site that tells no outcome tells of those whom it let in.
      const believed = fields.get('event.outcome') !== 'failure';
      const suspicion = place === '' ? undefined : watch.seen({ device, fingerprint, place, believed });
      if (suspicion !== undefined) tell(suspicion, typeof address === 'string' ? address : undefined);
    }
  };

  function tell(
    { device, fingerprint, places, changes, at }: CloneSuspicion,
    address: string | undefined,
  ): void {
    const document = {
      '@timestamp': new Date(at).toISOString(),
      'event.dataset': 'pki.clone',
      'event.action': 'clone-suspected',
      'device.id': device,
      'tls.client.hash.sha256': fingerprint,
      ...(address === undefined ? {} : { 'source.ip': address }),
      message: `key of ${device} went ${changes} times between ${places[1]} and ${places[0]}`,
    };
    const raw = JSON.stringify(document);
    const frame = { raw, bytes: raw.length, normalised: intake.normaliser.document(document, clock.now()) };
    void intake.submit(intake.account('internal', 'clone-watch'), [frame]);
  }
}
