import { Link } from 'wouter';
import { useSettings } from '../../language/settings.tsx';
import { AccountLine } from '../../parts/account.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Rate } from './rate.tsx';
import { SignedHours } from './signed-hours.tsx';
import type { Source } from './standing.ts';

/** The whole account of one source: where its lines went and why, and the signed hours that prove it. */
export function Ledger({ source: { ledger, rate }, close }: { source: Source; close: () => void }) {
  const { t, format } = useSettings();
  const reasons = Object.entries(ledger.reasons)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  return (
    <Dialog title={ledger.source} close={close} className="wide">
      <div className="stack">
        <AccountLine account={ledger} />
        {rate === undefined ? null : <Rate rate={rate} />}
        <dl className="particulars">
          <dt>{t('sources.transport')}</dt>
          <dd>{t(`transport.${ledger.transport}`)}</dd>
          <dt>{t('sources.size')}</dt>
          <dd className="figures">{format.bytes(ledger.bytes)}</dd>
          <dt>{t('sources.parsedTitle')}</dt>
          <dd className="figures">{ledger.kept === 0 ? '–' : format.percent(ledger.parsed / ledger.kept)}</dd>
          <dt>{t('sources.lastLine')}</dt>
          <dd className="figures">{format.exact(ledger.lastSeen)}</dd>
          <dt>{t('sources.reasons')}</dt>
          <dd>
            {reasons.length === 0
              ? t('common.none')
              : reasons.map(([reason, count]) => (
                  <span key={reason} className="pair">
                    <span className="mono">{reason}</span>{' '}
                    <span className="figures">{format.number(count)}</span>
                  </span>
                ))}
          </dd>
        </dl>
        <SignedHours source={ledger.source} />
        <footer className="dialog-foot">
          <Link
            className="button"
            href={`/logs?q=${encodeURIComponent(`source:"${ledger.source}"`)}&range=24h`}
          >
            {t('sources.logs')}
          </Link>
        </footer>
      </div>
    </Dialog>
  );
}
