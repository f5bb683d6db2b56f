import { useSettings } from '../../language/settings.tsx';
import { SeverityGlyph } from '../../parts/marks.tsx';

export const severities = ['critical', 'high', 'medium', 'low', 'unknown', 'none'] as const;
export type Severity = (typeof severities)[number];

/** How many of each severity, those that there are. */
export function Counts({ severities: counts }: { severities: Readonly<Record<string, number>> }) {
  const { t } = useSettings();
  const some = severities.filter((severity) => (counts[severity] ?? 0) > 0);
  if (some.length === 0) return <span className="hint">{t('findings.noneShort')}</span>;
  return (
    <span className="counts figures">
      {some.map((severity) => (
        <span key={severity} data-level={severity} title={t(`findings.severity.${severity}`)}>
          <SeverityGlyph level={severity} />
          {counts[severity]}
          <span className="visually-hidden">{t(`findings.severity.${severity}`)}</span>
        </span>
      ))}
    </span>
  );
}

/** The severity with its score. */
export function SeverityWord({ level, score }: { level: Severity; score: number | null }) {
  const { t, format } = useSettings();
  return (
    <span className="severity" data-level={level}>
      <SeverityGlyph level={level} />
      {t(`findings.severity.${level}`)}
      {score === null ? null : <span className="figures">{format.number(score)}</span>}
    </span>
  );
}

/** What makes a finding urgent whatever its score. */
export function Urgent({ knownExploited, malicious }: { knownExploited: boolean; malicious: boolean }) {
  const { t } = useSettings();
  return (
    <>
      {malicious ? (
        <span className="mark" data-verdict="fail">
          {t('findings.malicious')}
        </span>
      ) : null}
      {knownExploited ? (
        <span className="mark" data-verdict="fail">
          {t('findings.knownExploited')}
        </span>
      ) : null}
    </>
  );
}

/** How likely it is to be exploited within 30 days (EPSS), as a percentage. */
export function Likelihood({ epss }: { epss: number | undefined }) {
  const { t, format } = useSettings();
  if (epss === undefined) return null;
  return (
    <span className="hint figures nowrap" title={t('findings.epssHint')}>
      EPSS {format.percent(epss)}
    </span>
  );
}

export function Verdict({ verdict }: { verdict: 'pass' | 'fail' | 'unchecked' }) {
  const { t } = useSettings();
  return (
    <span className="mark" data-verdict={verdict}>
      {t(`findings.verdict.${verdict}`)}
    </span>
  );
}

export const systemHref = (id: string) => `/findings/systems/${encodeURIComponent(id)}`;
export const advisoryHref = (id: string) => `/findings/advisories/${encodeURIComponent(id)}`;
export const listHref = (filter: Readonly<Record<string, string>>) =>
  `/findings/list?${new URLSearchParams(filter)}`;
