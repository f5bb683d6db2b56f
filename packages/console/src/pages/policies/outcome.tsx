import type { ReplayDifferenceView, ReplayView } from '@kydai/contracts';
import { useSettings } from '../../language/settings.tsx';
import { Panel } from '../../parts/frame.tsx';
import { Table } from '../../parts/table.tsx';
import { Uid } from '../../parts/uid.tsx';
import { useAskedColumns } from './asked.tsx';
import { CaseTable } from './cases.tsx';

/** What a candidate would change: the answer first, then who gains, who loses, and which cases it breaks. */
export function Outcome({ result }: { result: ReplayView }) {
  const { t, format } = useSettings();
  const gains = result.gains.reduce((sum, { requests }) => sum + requests, 0);
  const loses = result.loses.reduce((sum, { requests }) => sum + requests, 0);
  const broken = result.tests.results.filter(({ passed }) => !passed);
  return (
    <section className="outcome" aria-live="polite">
      <dl className="facts figures">
        <div>
          <dt>{t('try.replayed')}</dt>
          <dd>{format.number(result.requests)}</dd>
        </div>
        <div>
          <dt>{t('try.same')}</dt>
          <dd>{format.number(result.same)}</dd>
        </div>
        <div>
          <dt>{t('try.loses')}</dt>
          <dd className={loses > 0 ? 'bad' : undefined}>{format.number(loses)}</dd>
        </div>
        <div>
          <dt>{t('try.gains')}</dt>
          <dd className={gains > 0 ? 'held' : undefined}>{format.number(gains)}</dd>
        </div>
        <div>
          <dt>{t('policies.cases')}</dt>
          <dd className={result.tests.failed > 0 ? 'bad' : 'good'}>
            {t('policies.casesHeld', {
              n: format.number(result.tests.passed),
              total: format.number(result.tests.passed + result.tests.failed),
            })}
          </dd>
        </div>
      </dl>
      {result.requests === 0 ? <p className="hint">{t('try.nothing')}</p> : null}
      {result.unreadable > 0 ? (
        <p className="hint">{t('try.unreadable', { n: format.number(result.unreadable) })}</p>
      ) : null}
      {result.drifted > 0 ? (
        <p className="hint">{t('try.drifted', { n: format.number(result.drifted) })}</p>
      ) : null}
      {result.requests > 0 && gains + loses === 0 ? <p className="good">{t('try.noChange')}</p> : null}
      <Differences title={t('try.losesTitle')} hint={t('try.losesHint')} rows={result.loses} />
      <Differences title={t('try.gainsTitle')} hint={t('try.gainsHint')} rows={result.gains} />
      {broken.length === 0 ? null : (
        <Panel title={t('try.broken')} hint={t('try.brokenHint')} flush>
          <CaseTable caption={t('try.broken')} cases={broken} />
        </Panel>
      )}
    </section>
  );
}

function Differences({
  title,
  hint,
  rows,
}: {
  title: string;
  hint: string;
  rows: readonly ReplayDifferenceView[];
}) {
  const { t, format } = useSettings();
  const asked = useAskedColumns((row: ReplayDifferenceView) => row);
  if (rows.length === 0) return null;
  return (
    <Panel title={title} hint={hint} flush>
      <Table
        caption={title}
        rows={rows.slice(0, 200)}
        rowKey={({ principal, action }) => `${principal.type} ${principal.id} ${action}`}
        columns={[
          ...asked,
          {
            id: 'resources',
            head: t('decisions.col.resource'),
            kind: 'wide',
            cell: ({ resources }) => (
              <span className="entities">
                {resources.map((one) => (
                  <Uid key={`${one.type} ${one.id}`} uid={one} />
                ))}
              </span>
            ),
          },
          {
            id: 'policies',
            head: t('decisions.col.policies'),
            cell: ({ policies }) =>
              policies.length === 0 ? (
                <span className="hint">{t('decisions.notPermittedHint')}</span>
              ) : (
                policies.map((one) => (
                  <span key={one} className="policy mono">
                    {one}
                  </span>
                ))
              ),
          },
          {
            id: 'requests',
            head: t('try.requests'),
            kind: 'figure',
            cell: ({ requests }) => format.number(requests),
          },
        ]}
      />
      {rows.length > 200 ? <p className="hint more">{t('try.more', { n: rows.length - 200 })}</p> : null}
    </Panel>
  );
}
