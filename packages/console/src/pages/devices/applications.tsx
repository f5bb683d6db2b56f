import type { ApplicationView } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { applicationsQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { DeviceFields } from '../../parts/device-fields.tsx';
import { CommentField, ConfirmDialog, fieldText } from '../../parts/dialog.tsx';
import { Panel } from '../../parts/frame.tsx';
import { useNow } from '../../parts/now.ts';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

/** Requests for certificates that came without proof and wait for a person; nothing where none waits. */
export function Applications() {
  const { t, format } = useSettings();
  const may = useMay();
  const now = useNow();
  const { data } = useQuery(applicationsQuery());
  const [asked, setAsked] = useState<{ readonly of: ApplicationView; readonly approve: boolean }>();
  const waiting = data?.items ?? [];
  if (waiting.length === 0) return null;
  return (
    <Panel title={t('applications.title', { n: waiting.length })} hint={t('applications.hint')} flush>
      <Table
        caption={t('applications.title', { n: waiting.length })}
        rows={waiting}
        rowKey={({ id }) => id}
        columns={[
          {
            id: 'device',
            head: t('devices.col.id'),
            kind: 'lead',
            cell: ({ device, registered }) => (
              <>
                <span className="mono strong">{device}</span>
                <span className="under">{t(registered ? 'applications.known' : 'applications.unknown')}</span>
              </>
            ),
          },
          {
            id: 'address',
            head: t('applications.address'),
            cell: ({ address }) => <span className="mono">{address}</span>,
          },
          {
            id: 'request',
            head: t('applications.request'),
            kind: 'wide',
            cell: ({ id, keyType }) => (
              <span className="mono" title={id}>
                {keyType} · {id.slice(0, 16)}…
              </span>
            ),
          },
          {
            id: 'applied',
            head: t('applications.applied'),
            cell: ({ applied, expires }) => (
              <>
                <When at={applied} />
                <span className="under">
                  {t('certificates.expiresIn', { duration: format.duration(expires - now) })}
                </span>
              </>
            ),
          },
          {
            id: 'decide',
            head: t('applications.decide'),
            kind: 'end',
            cell: (of) =>
              may('create-enrolment-token') ? (
                <span className="inline">
                  <button type="button" className="button" onClick={() => setAsked({ of, approve: false })}>
                    {t('applications.deny')}
                  </button>
                  <button
                    type="button"
                    className="button primary"
                    onClick={() => setAsked({ of, approve: true })}
                  >
                    {t('applications.approve')}
                  </button>
                </span>
              ) : (
                <span className="hint">{t('common.noPermission')}</span>
              ),
          },
        ]}
      />
      {asked ? <Verdict {...asked} close={() => setAsked(undefined)} /> : null}
    </Panel>
  );
}

function Verdict({ of, approve, close }: { of: ApplicationView; approve: boolean; close: () => void }) {
  const { t } = useSettings();
  const client = useQueryClient();
  const act = approve ? 'applications.approve' : 'applications.deny';
  return (
    <ConfirmDialog
      title={`${t(act)}: ${of.device}`}
      explanation={t(approve ? 'applications.approveExplain' : 'applications.denyExplain')}
      confirm={t(act)}
      tone={approve ? 'plain' : 'danger'}
      close={close}
      act={async (form) => {
        const about =
          approve && !of.registered ? { kind: fieldText(form, 'kind'), zone: fieldText(form, 'zone') } : {};
        const body = { approved: approve, comment: fieldText(form, 'comment'), ...about };
        await post<ApplicationView>(paths.application(of.id), body);
        await client.invalidateQueries({ queryKey: ['devices'] });
      }}
    >
      <p className="notice">
        <span>
          {t('applications.compare')} <span className="mono">{of.id}</span>
        </span>
      </p>
      {approve && !of.registered ? <DeviceFields /> : null}
      <CommentField />
    </ConfirmDialog>
  );
}
