import type { ImpactView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { impactQuery } from '../api/queries.ts';
import { useSettings } from '../language/settings.tsx';
import type { Translate } from '../language/translate.ts';
import { Loaded, Skeleton } from './frame.tsx';

/** What would break if a certificate was revoked, before somebody revokes it. */
export function Impact({ serial }: { serial: string }) {
  const { t } = useSettings();
  const query = useQuery(impactQuery(serial));
  return (
    <section className="impact" aria-label={t('impact.title')}>
      <h3>{t('impact.title')}</h3>
      <Loaded query={query} skeleton={<Skeleton lines={3} />}>
        {(view) => {
          const lines = consequencesOf(view, t);
          return (
            <>
              <ul>
                {(lines.length === 0 ? [t('impact.nothing')] : lines).map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
              {view.grants.lost.length > 0 ? (
                <details>
                  <summary>{t('impact.grantsShow')}</summary>
                  <ul className="mono impact-grants">
                    {view.grants.lost.map(({ principal, action, resource }) => (
                      <li key={`${principal} ${action} ${resource}`}>
                        {principal} {action} {resource}
                      </li>
                    ))}
                  </ul>
                </details>
              ) : null}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

/** One sentence for each thing that depends on the certificate, the gravest first. */
function consequencesOf(view: ImpactView, t: Translate): string[] {
  const { certificate, device, remaining, below, use, grants, sessions, services, proxies, sealed } = view;
  const { subject } = certificate;
  const alone = device !== null && remaining === 0;
  const all: readonly (readonly [boolean, () => string])[] = [
    [below.certificates > 0, () => t('impact.below', { n: below.certificates, subjects: below.subjects })],
    [device?.operationalTechnology === true, () => t('impact.ot')],
    [alone, () => t('impact.last', { device: subject })],
    [device !== null && remaining > 0, () => t('impact.remaining', { n: remaining })],
    [grants.lost.length > 0, () => t('impact.grants', { n: grants.lost.length })],
    [alone && proxies.length > 0, () => t('impact.proxies', { n: proxies.length, path: proxies[0] ?? '' })],
    [
      use.handshakes + use.readings > 0,
      () => t('impact.use', { handshakes: use.handshakes, n: use.readings }),
    ],
    [services.length > 0, () => t('impact.services', { services: services.join(', ') })],
    [certificate.profile === 'service' && remaining === 0, () => t('impact.service', { subject })],
    [sealed > 0, () => t('impact.sealed', { n: sealed })],
    [sessions > 0, () => t('impact.sessions', { n: sessions, subject })],
    [view.incidents.length > 0, () => t('impact.incidents', { incidents: view.incidents.join(', ') })],
  ];
  return all.flatMap(([holds, say]) => (holds ? [say()] : []));
}
