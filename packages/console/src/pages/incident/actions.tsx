import type { Incident, IncidentView } from '@kydai/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { paths } from '../../api/queries.ts';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { CommentField, ConfirmDialog, fieldText } from '../../parts/dialog.tsx';

export type IncidentAct = 'open' | 'restore' | 'report' | 'close' | 'false-positive' | 'comment';

/** What can be done to an incident in its state, the most likely first. The server has the last word. */
export function actionsFor(incident: Pick<Incident, 'state' | 'times'>): readonly IncidentAct[] {
  const report: readonly IncidentAct[] = incident.times.reported ? [] : ['report'];
  switch (incident.state) {
    case 'new':
      return ['open', 'comment', ...report, 'false-positive'];
    case 'open':
      return ['restore', 'comment', ...report, 'close', 'false-positive'];
    case 'contained':
      return ['restore', 'comment', ...report, 'close', 'false-positive'];
    case 'restored':
      return ['close', 'comment', ...report];
    case 'closed':
    case 'false-positive':
      return ['comment', ...report];
  }
}

/** The buttons of an incident; without the permission a sentence says why there are none. */
export function Actions({ incident }: { incident: Incident }) {
  const { t } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const [asking, setAsking] = useState<IncidentAct>();
  if (!may('handle-incident')) return <p className="hint no-print">{t('common.noPermission')}</p>;
  return (
    <>
      {actionsFor(incident).map((action, index) => (
        <button
          key={action}
          type="button"
          className={index === 0 ? 'button primary' : 'button'}
          onClick={() => setAsking(action)}
        >
          {t(`incident.action.${action}`)}
        </button>
      ))}
      {asking ? (
        <ConfirmDialog
          title={t(`incident.action.${asking}`)}
          explanation={t(`incident.explain.${asking}`)}
          confirm={t(`incident.action.${asking}`)}
          close={() => setAsking(undefined)}
          act={async (form) => {
            const body = { action: asking, comment: fieldText(form, 'comment') };
            const view = await post<IncidentView>(paths.incidentAction(incident.id), body);
            client.setQueryData(['incident', incident.id], view);
            await client.invalidateQueries({ queryKey: ['overview'] });
          }}
        >
          <CommentField required={asking === 'comment'} />
        </ConfirmDialog>
      ) : null}
    </>
  );
}
