import type { WaiverPage } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { waiversQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import type { Translate } from '../../language/translate.ts';
import { Copyable, Empty, Loaded } from '../../parts/frame.tsx';
import { useNow } from '../../parts/now.ts';
import { Table } from '../../parts/table.tsx';
import { advisoryHref } from './marks.tsx';

type Waiver = WaiverPage['items'][number];
const day = 86_400_000;

/** Until when a waiver holds: the end of its day (UTC), or its moment. */
export function waiverEnd(expires: string): number {
  return Date.parse(expires) + (/^\d{4}-\d{2}-\d{2}$/.test(expires) ? day : 0);
}

/** What has become of it: what the gate said, unless its end has come since. */
export function standing(waiver: Pick<Waiver, 'expires' | 'state'>, now: number): Waiver['state'] | 'ending' {
  const end = waiverEnd(waiver.expires);
  if (end <= now) return 'expired';
  return waiver.state === 'applied' && end - now < 14 * day ? 'ending' : waiver.state;
}

/** Why it does not hold, in the reader's language; what the gate says beyond that stays as it is. */
export function sayWhy(why: string, t: Translate): string {
  const version = /^the version is `(.*)` now$/.exec(why)?.[1];
  if (version !== undefined) return t('waivers.why.version', { version });
  if (why === 'it is known to be exploited now') return t('waivers.why.exploited');
  if (why === 'the package is malicious') return t('waivers.why.malicious');
  const epss = /^its epss rose from (.*) to (.*)$/.exec(why);
  if (epss !== null) return t('waivers.why.epss', { from: epss[1]!, to: epss[2]! });
  const [, one, rest = ''] = /^(?:nobody|only `(.*?)`) has signed it(.*)$/.exec(why) ?? [];
  if (one !== undefined) return `${t('waivers.why.one', { name: one })}${rest}`;
  return why.startsWith('nobody has signed it') ? t('waivers.why.nobody') : why;
}

/** Who has accepted which risk, why, until when, and what no longer holds. */
export function Waivers() {
  const { t, format } = useSettings();
  const now = useNow();
  const query = useQuery(waiversQuery());
  return (
    <Loaded query={query}>
      {(page) =>
        page.items.length === 0 ? (
          <Empty title={t('waivers.empty')} hint={t('waivers.emptyHint')}>
            <Copyable text="kydai sbom waive CVE-2026-0001 --owner LAN --reason '...' --until 2027-01-31" />
          </Empty>
        ) : (
          <Table
            caption={t('findings.view.waivers')}
            rows={page.items}
            rowKey={(one) => `${one.pipeline} ${one.advisory} ${one.component}`}
            columns={[
              {
                id: 'state',
                head: t('waivers.col.state'),
                cell: (one) => {
                  const state = standing(one, now);
                  return (
                    <span className="mark" data-waiver={state}>
                      {t(`waivers.state.${state}`)}
                    </span>
                  );
                },
              },
              {
                id: 'what',
                head: t('waivers.col.what'),
                kind: 'lead',
                cell: (one) => (
                  <>
                    <Link className="row-link mono strong" href={advisoryHref(one.advisory)}>
                      {one.advisory}
                    </Link>
                    <span className="under mono">{one.component}</span>
                    <span className="under">{one.pipeline}</span>
                  </>
                ),
              },
              {
                id: 'why',
                head: t('waivers.col.why'),
                kind: 'wide',
                cell: (one) => (
                  <>
                    {one.reason}
                    {one.why ? <span className="under problem">{sayWhy(one.why, t)}</span> : null}
                  </>
                ),
              },
              {
                id: 'who',
                head: t('waivers.col.who'),
                cell: (one) => (
                  <>
                    {one.owner}
                    <span className="under">
                      {one.signers.length === 0
                        ? t('waivers.signedByNobody')
                        : t('waivers.signedBy', { names: one.signers.join(', ') })}
                    </span>
                  </>
                ),
              },
              {
                id: 'until',
                head: t('waivers.col.until'),
                kind: 'end',
                cell: (one) => (
                  <time dateTime={one.expires} title={one.expires}>
                    <span className="figures">{format.date(Date.parse(one.expires))}</span>
                    <span className="under">{format.relative(waiverEnd(one.expires), now)}</span>
                  </time>
                ),
              },
            ]}
          />
        )
      }
    </Loaded>
  );
}
