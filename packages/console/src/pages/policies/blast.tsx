import type { BlastView } from '@kydai/contracts';
import { type FormEvent, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { post } from '../../api/client.ts';
import { paths } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { fieldText } from '../../parts/dialog.tsx';
import { Failure, Panel } from '../../parts/frame.tsx';
import { Table } from '../../parts/table.tsx';
import { Uid } from '../../parts/uid.tsx';

/** What a quarantine would take from a device, before anybody orders it. */
export function Blast() {
  const { t, format } = useSettings();
  const [search] = useSearchParams();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [result, setResult] = useState<BlastView & { readonly device: string }>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const device = fieldText(new FormData(event.currentTarget), 'device');
    setBusy(true);
    setError(undefined);
    setResult(undefined);
    try {
      setResult({ ...(await post<BlastView>(paths.policyBlast, { device })), device });
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Panel title={t('blast.title')} hint={t('blast.lead')}>
        <div className="stack">
          <form className="form inline-form" onSubmit={(event) => void submit(event)}>
            <label className="field">
              <span>{t('blast.device')}</span>
              <input
                name="device"
                className="mono"
                defaultValue={search.get('device') ?? ''}
                placeholder="cam-001"
                required
                maxLength={64}
                spellCheck={false}
                autoCapitalize="none"
              />
            </label>
            <button type="submit" className="button primary" disabled={busy}>
              {busy ? t('common.working') : t('blast.ask')}
            </button>
          </form>
          {error === undefined ? null : <Failure error={error} />}
        </div>
      </Panel>
      {result === undefined ? null : (
        <Panel
          title={t('blast.loses', { n: format.number(result.loses.length), device: result.device })}
          hint={t(result.loses.length === 0 ? 'blast.none' : result.complete ? 'blast.all' : 'blast.some')}
          aside={
            <Link className="button" href={`/devices/${encodeURIComponent(result.device)}`}>
              {t('blast.open')}
            </Link>
          }
          flush
        >
          {result.loses.length === 0 ? null : (
            <Table
              caption={t('blast.title')}
              rows={result.loses}
              rowKey={(one) => JSON.stringify(one)}
              columns={[
                {
                  id: 'who',
                  head: t('decisions.col.who'),
                  kind: 'lead',
                  cell: ({ principal }) => <Uid uid={principal} />,
                },
                {
                  id: 'action',
                  head: t('decisions.col.action'),
                  cell: ({ action }) => <span className="mono">{action}</span>,
                },
                {
                  id: 'resource',
                  head: t('decisions.col.resource'),
                  cell: ({ resource }) => <Uid uid={resource} />,
                },
                {
                  id: 'by',
                  head: t('blast.by'),
                  kind: 'wide',
                  cell: ({ by }) =>
                    by.map((one) => (
                      <Link
                        key={one}
                        className="policy mono"
                        href={`/policies?open=${encodeURIComponent(one)}&q=${encodeURIComponent(one)}`}
                      >
                        {one}
                      </Link>
                    )),
                },
              ]}
            />
          )}
        </Panel>
      )}
    </>
  );
}
