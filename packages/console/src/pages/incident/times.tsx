import type { Incident, IncidentTimeName } from '@kydai/contracts';
import { useSettings } from '../../language/settings.tsx';
import { Reference } from '../../parts/reference.tsx';

const names: readonly IncidentTimeName[] = [
  'firstMaliciousAction',
  'initialCompromise',
  'firstDataExfiltration',
  'discovery',
  'opened',
  'containmentAchieved',
  'restorationAchieved',
  'reported',
  'closed',
];

/** The nine times of an incident, each with what it was taken from and how far it can be trusted. */
export function Times({ incident }: { incident: Incident }) {
  const { t, format } = useSettings();
  const start = incident.times.discovery?.at;
  return (
    <ol className="times">
      {names.map((name) => {
        const time = incident.times[name];
        return (
          <li key={name} data-known={time ? true : undefined} data-confidence={time?.confidence}>
            <span className="times-name">{t(`time.${name}`)}</span>
            {time ? (
              <>
                <time
                  className="figures"
                  dateTime={new Date(time.at).toISOString()}
                  title={format.clock(time.at, true)}
                >
                  {format.exact(time.at)}
                  {start !== undefined && name !== 'discovery' ? (
                    <span className="times-gap">
                      {time.at < start ? '−' : '+'}
                      {format.duration(time.at - start)}
                    </span>
                  ) : null}
                </time>
                <span className="times-source">
                  <Reference text={time.source} /> · {t(`precision.${time.precision}`)} ·{' '}
                  {t('time.confidence').toLowerCase()} {t(`confidence.${time.confidence}`)}
                </span>
              </>
            ) : (
              <span className="hint">{t('time.notYet')}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}
