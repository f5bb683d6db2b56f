import type { SourceLedger } from '@kydai/contracts';
import { useSettings } from '../language/settings.tsx';

export type Account = Pick<SourceLedger, 'received' | 'kept' | 'refused' | 'dropped' | 'pending'>;

/** What is left unexplained of an account: 0 when received = kept + refused + dropped + pending. */
export function imbalance(account: Account): number {
  return account.received - account.kept - account.refused - account.dropped - account.pending;
}

/** The sum of many accounts. */
export function sumAccounts(accounts: readonly Account[]): Account {
  const sum = { received: 0, kept: 0, refused: 0, dropped: 0, pending: 0 };
  for (const account of accounts) {
    sum.received += account.received;
    sum.kept += account.kept;
    sum.refused += account.refused;
    sum.dropped += account.dropped;
    sum.pending += account.pending;
  }
  return sum;
}

const parts = ['kept', 'refused', 'dropped', 'pending'] as const;

/** An account as a line: what came in on the left of the equals sign, where all of it went on the right. */
export function AccountLine({ account }: { account: Account }) {
  const { t, format } = useSettings();
  const off = imbalance(account);
  return (
    <div className="account">
      <div className="account-bar" aria-hidden="true">
        {parts.map((part) => {
          const share = account.received === 0 ? 0 : (account[part] / account.received) * 100;
          return account[part] > 0 ? (
            <span key={part} data-part={part} style={{ width: `max(3px, ${share}%)` }} />
          ) : null;
        })}
      </div>
      <dl className="account-sum figures">
        <div>
          <dt>{t('sources.received')}</dt>
          <dd title={format.number(account.received)}>{format.compact(account.received)}</dd>
        </div>
        {parts.map((part, index) => (
          <div key={part} data-part={part} data-zero={account[part] === 0 ? true : undefined}>
            <dt>
              <i aria-hidden="true">{index === 0 ? '=' : '+'}</i>
              {t(`sources.${part}`)}
            </dt>
            <dd title={format.number(account[part])}>{format.compact(account[part])}</dd>
          </div>
        ))}
      </dl>
      {off === 0 ? null : (
        <p className="account-off" role="alert">
          {t('sources.unbalanced', { n: format.number(off) })}
        </p>
      )}
    </div>
  );
}
