import type { Incident, IncidentView } from '@kydai/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { ChevronDown, Printer } from 'lucide-react';
import { useState } from 'react';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { CommentField, ConfirmDialog, fieldText } from '../../parts/dialog.tsx';
import { Drop } from '../../parts/drop.tsx';
import { actionsFor, type IncidentAct, needsComment } from './allowed.ts';

/** The next action as a button, the others behind a menu; without the permission a sentence says why there are none. */
export function Actions({ incident }: { incident: Incident }) {
  const { t } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const [asking, setAsking] = useState<IncidentAct>();
  const [first, ...others] = may('handle-incident') ? actionsFor(incident) : [];
  return (
    <>
      {first ? (
        <button type="button" className="button primary" onClick={() => setAsking(first)}>
          {t(`incident.action.${first}`)}
        </button>
      ) : (
        <p className="hint no-print">{t('common.noPermission')}</p>
      )}
      <Drop
        end
        label={
          <>
            {t('incident.actions')}
            <ChevronDown aria-hidden="true" />
          </>
        }
      >
        {(close) => (
          <div className="menu">
            {others.map((action) => (
              <button
                key={action}
                type="button"
                onClick={() => {
                  close();
                  setAsking(action);
                }}
              >
                {t(`incident.action.${action}`)}
              </button>
            ))}
            <button
              type="button"
              onClick={() => {
                close();
                // After the menu has gone, or it would be printed too.
                setTimeout(() => window.print(), 50);
              }}
            >
              <Printer aria-hidden="true" />
              {t('common.print')}
            </button>
          </div>
        )}
      </Drop>
      {asking ? (
        <ConfirmDialog
          title={`${incident.number}: ${t(`incident.action.${asking}`)}`}
          explanation={t(`incident.explain.${asking}`)}
          confirm={t(`incident.action.${asking}`)}
          close={() => setAsking(undefined)}
          act={async (form) => {
            const body = { action: asking, comment: fieldText(form, 'comment') };
            const view = await post<IncidentView>(paths.incidentAction(incident.id), body);
            client.setQueryData(['incident', incident.id], view);
            await Promise.all(
              ['overview', 'incidents'].map((subject) => client.invalidateQueries({ queryKey: [subject] })),
            );
          }}
        >
          <CommentField required={needsComment.has(asking)} />
        </ConfirmDialog>
      ) : null}
    </>
  );
}
