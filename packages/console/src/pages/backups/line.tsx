import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { backupsQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { useNow } from '../../parts/now.ts';
import { standingIcons, tones } from './tones.ts';

/** The backups in one line, for the board: how old what restores is. */
export function BackupLine() {
  const { t, format } = useSettings();
  const now = useNow();
  const { data } = useQuery(backupsQuery());
  if (data === undefined) return null;
  const tone = tones[data.standing];
  const Icon = standingIcons[tone];
  return (
    <section className={`board-backups notice ${tone}`} aria-label={t('backups.standing')}>
      <Icon aria-hidden="true" />
      <strong>{t(`backups.standing.${data.standing}`)}</strong>
      {data.covers === null ? null : (
        <span className="figures" title={format.exact(data.covers)}>
          {t('backups.covers')} <b>{format.relative(data.covers, now)}</b>
        </span>
      )}
      <Link className="more" href="/backups">
        {t('backups.title')}
      </Link>
    </section>
  );
}
