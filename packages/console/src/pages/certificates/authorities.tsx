import type { PkiHealthView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { AlertTriangle, Check, FileKey2, HardDrive, Unplug } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { authoritiesQuery, pkiHealthQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Loaded, Panel } from '../../parts/frame.tsx';
import { useNow } from '../../parts/now.ts';

type Health = PkiHealthView['authorities'][number];

const places = { file: FileKey2, token: HardDrive, offline: Unplug } as const;

/** The authorities: where their keys are, until when they count, and how fresh their lists and answers are. */
export function Authorities() {
  const { t, format } = useSettings();
  const now = useNow();
  const health = useQuery(pkiHealthQuery());
  const authorities = useQuery(authoritiesQuery());
  return (
    <Loaded query={health}>
      {(view) => (
        <>
          {view.problems.length === 0 ? (
            <p className="notice good">
              <Check aria-hidden="true" />
              {t('authority.wellKept')}
            </p>
          ) : (
            view.problems.map(({ code, level, subject, at }) => (
              <p key={`${code} ${subject}`} className={level === 'critical' ? 'notice bad' : 'notice warn'}>
                <AlertTriangle aria-hidden="true" />
                {t(`pki.problem.${code}`, { subject, time: format.relative(at, now) })}
              </p>
            ))
          )}
          {view.token ? (
            <p className="hint">
              {t(`authority.token.${view.token.state}`, { time: format.relative(view.token.since, now) })}
            </p>
          ) : null}
          <div className="ledgers">
            {[...view.authorities].reverse().map((each) => (
              <Card
                key={each.id}
                health={each}
                now={now}
                about={authorities.data?.items.find(({ id }) => id === each.id)}
              />
            ))}
          </div>
        </>
      )}
    </Loaded>
  );
}

function Card({
  health,
  about,
  now,
}: {
  health: Health;
  about:
    | {
        readonly subject: string;
        readonly fingerprint: string;
        readonly issued: number;
        readonly revoked: number;
      }
    | undefined;
  now: number;
}) {
  const { t, format } = useSettings();
  const { id, issuing, key, keyType, notAfter, lists, responder } = health;
  const Place = places[key];
  const rows: (readonly [string, ReactNode])[] = [
    [
      t('authority.key'),
      <span key="key" className="inline">
        <Place aria-hidden="true" /> {t(`authority.key.${key}`)} <span className="mono">{keyType}</span>
      </span>,
    ],
    [
      t('certificates.col.expires'),
      notAfter > now
        ? `${format.exact(notAfter)} · ${t('certificates.expiresIn', { duration: format.duration(notAfter - now) })}`
        : t('certificates.expiredAgo', { time: format.relative(notAfter, now) }),
    ],
    [
      t('authority.lists'),
      lists === null
        ? t('authority.listsNone')
        : t('authority.listsState', {
            n: lists.count,
            made: format.relative(lists.thisUpdate, now),
            until: format.relative(lists.nextUpdate, now),
          }),
    ],
    [
      t('authority.answers'),
      responder === null
        ? t('authority.answersNone')
        : responder.oldestAnswer === null
          ? t('authority.answersYet')
          : t('authority.answersState', {
              n: responder.answers,
              time: format.relative(responder.oldestAnswer, now),
            }),
    ],
  ];
  if (about) {
    rows.push([
      t('authority.issued'),
      t('authority.issuedCount', { issued: about.issued, revoked: about.revoked }),
    ]);
    rows.push([
      t('certificates.fingerprint'),
      <span key="fingerprint" className="mono">
        {about.fingerprint} <CopyButton text={about.fingerprint} label={t('certificates.fingerprint')} />
      </span>,
    ]);
  }
  return (
    <Panel
      title={id}
      className="authority"
      aside={
        <span className="mark" data-tone={issuing ? 'good' : undefined}>
          {t(issuing ? 'authority.issues' : 'authority.answersFor')}
        </span>
      }
    >
      {about ? <p className="hint">{about.subject}</p> : null}
      <dl className="particulars">
        {rows.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd className="figures">{value}</dd>
          </Fragment>
        ))}
      </dl>
    </Panel>
  );
}
