import type { GateRun, GateRunPage } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { gateRunsQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Copyable, Empty, Loaded, Panel } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { Pager } from '../../parts/pager.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { Counts, Verdict } from './marks.tsx';

/** Every pipeline with its last verdicts, and the runs of the one that was chosen. */
export function GateHistory() {
  const { t } = useSettings();
  const listing = useListing(30);
  const pipeline = listing.of('pipeline');
  const query = useQuery(gateRunsQuery(pipeline, listing.limit, listing.offset));
  return (
    <Loaded query={query}>
      {(page) =>
        page.pipelines.length === 0 ? (
          <Empty title={t('gate.empty')} hint={t('gate.emptyHint')}>
            <Copyable text="KYDAI_TOKEN=... kydai sbom gate . --publish https://kydai.example" />
          </Empty>
        ) : (
          <>
            <ul className="pipelines">
              {page.pipelines.map((one) => (
                <li key={one.pipeline}>
                  <button
                    type="button"
                    className="pipeline"
                    aria-pressed={one.pipeline === pipeline}
                    onClick={() =>
                      listing.filter({ pipeline: one.pipeline === pipeline ? '' : one.pipeline })
                    }
                  >
                    <strong>{one.pipeline}</strong>
                    <Verdict verdict={one.verdicts[0]!} />
                    <Strip verdicts={one.verdicts} />
                    <span className="hint figures">
                      {t('gate.runs', { n: one.runs })} · <When at={one.last} />
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            <Panel
              title={pipeline || t('gate.all')}
              aside={<span className="hint figures">{page.total}</span>}
              flush
            >
              <Runs runs={page.items} />
            </Panel>
            <Pager {...listing.pager(page.total)} />
          </>
        )
      }
    </Loaded>
  );
}

/** The last verdicts, the newest at the right: a full bar passed, a half one failed, a dot could not be checked. */
function Strip({ verdicts }: { verdicts: GateRunPage['pipelines'][number]['verdicts'] }) {
  const { t } = useSettings();
  const shown = verdicts.toReversed();
  const label = (['pass', 'fail', 'unchecked'] as const)
    .map((verdict) => `${shown.filter((one) => one === verdict).length} ${t(`findings.verdict.${verdict}`)}`)
    .join(', ');
  const height = { pass: 16, fail: 9, unchecked: 3 };
  return (
    <svg
      className="strip"
      viewBox="0 0 180 16"
      role="img"
      aria-label={label}
      preserveAspectRatio="xMinYMid meet"
    >
      {shown.map((verdict, at) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: a place in time is all that tells one verdict from another
          key={at}
          data-verdict={verdict}
          x={at * 6}
          y={16 - height[verdict]}
          width={4}
          height={height[verdict]}
          rx={1}
        />
      ))}
    </svg>
  );
}

function Runs({ runs }: { runs: readonly GateRun[] }) {
  const { t, language } = useSettings();
  return (
    <Table
      caption={t('findings.view.gate')}
      rows={runs}
      rowKey={(run) => run.id}
      columns={[
        {
          id: 'verdict',
          head: t('findings.col.verdict'),
          cell: (run) => <Verdict verdict={run.verdict} />,
        },
        {
          id: 'build',
          head: t('gate.col.build'),
          kind: 'lead',
          cell: (run) => (
            <>
              <span className="mono strong">{run.build}</span>
              <span className="under">{[run.pipeline, run.zone, run.by].filter(Boolean).join(' · ')}</span>
            </>
          ),
        },
        {
          id: 'why',
          head: t('gate.col.why'),
          kind: 'wide',
          cell: (run) => (
            <>
              {run.verdict === 'pass'
                ? null
                : run.reasons.map((reason) => (
                    <span key={`${reason.id} ${reason.en}`} className="policy" title={reason.id}>
                      {language === 'vi' ? reason.vi : reason.en}
                    </span>
                  ))}
              {run.blocking.length > 0 ? (
                <details className="proof">
                  <summary>{t('gate.blocking', { n: run.blockingTotal })}</summary>
                  <ul>
                    {run.blocking.map((one) => (
                      <li key={`${one.advisory} ${one.component}`} className="hint">
                        <span className="mono">{one.component}</span> {one.advisory}{' '}
                        {one.fix ? (
                          <span className="fix">{t('findings.fix', { version: one.fix })}</span>
                        ) : (
                          t('findings.noFix')
                        )}
                      </li>
                    ))}
                  </ul>
                </details>
              ) : null}
            </>
          ),
        },
        { id: 'findings', head: t('findings.list'), cell: (run) => <Counts severities={run.severities} /> },
        {
          id: 'waivers',
          head: t('findings.view.waivers'),
          kind: 'figure',
          cell: (run) => run.waivers.filter((one) => one.state === 'applied').length || '',
        },
        { id: 'when', head: t('gate.col.when'), kind: 'end', cell: (run) => <When at={run.received} /> },
      ]}
    />
  );
}
