import type { Indicator } from '@kydai/contracts';
import { Link } from 'wouter';
import { useSettings } from '../../language/settings.tsx';

/**
 * The response indicators as a table. Every figure stands beside the number of incidents it came from, the median and
 * the 90th percentile, and what could not be counted: a mean alone is never shown.
 */
export function Indicators({ indicators }: { indicators: readonly Indicator[] }) {
  const { t, format } = useSettings();
  const figure = (value: number | null) => (value === null ? '–' : format.duration(value));
  return (
    <table className="indicators figures">
      <caption className="visually-hidden">{t('overview.indicators')}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">{t('overview.indicators')}</span>
          </th>
          <th scope="col">{t('indicator.mean')}</th>
          <th scope="col">{t('indicator.median')}</th>
          <th scope="col">{t('indicator.p90')}</th>
          <th scope="col">n</th>
        </tr>
      </thead>
      <tbody>
        {indicators.map((indicator) => (
          <tr key={indicator.name} data-none={indicator.n === 0 || undefined}>
            <th scope="row" title={t(`indicator.${indicator.name}.long`)}>
              <abbr className="indicator-code" title={t(`indicator.${indicator.name}.long`)}>
                {indicator.name.toUpperCase().replace('-', '‑')}
              </abbr>
              {t(`indicator.${indicator.name}`)}
              <small>
                {[
                  indicator.unknownStart > 0 ? t('indicator.unknown', { n: indicator.unknownStart }) : '',
                  indicator.stillOpen > 0 ? t('indicator.stillOpen', { n: indicator.stillOpen }) : '',
                  indicator.n === 0 ? t('indicator.noFigure') : '',
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </small>
            </th>
            <td className="indicator-mean" data-label={t('indicator.mean')}>
              {figure(indicator.mean)}
            </td>
            <td data-label={t('indicator.median')}>{figure(indicator.median)}</td>
            <td data-label={t('indicator.p90')}>{figure(indicator.p90)}</td>
            <td data-label="n" title={t('indicator.from', { n: indicator.n })}>
              {indicator.n === 0 ? (
                format.number(0)
              ) : (
                <Link href={`/incidents?indicator=${indicator.name}`}>{format.number(indicator.n)}</Link>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
