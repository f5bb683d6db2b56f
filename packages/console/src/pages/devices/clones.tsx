import { useQuery } from '@tanstack/react-query';
import { Copy } from 'lucide-react';
import { Link } from 'wouter';
import { detectionsQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { useNow } from '../../parts/now.ts';

/** The rule of `policies/detection` that fires where one key speaks from two places in turn. */
const cloneRule = '0e4b7a4e-6f0e-4b8c-9c55-6e3a5d6f7a21';
const recent = 7 * 86_400_000;

/** Keys that were seen in two places lately; nothing where there were none. */
export function Clones() {
  const { t, format } = useSettings();
  const now = useNow();
  const { data } = useQuery(detectionsQuery({ rule: cloneRule }, 20, 0));
  const found = data?.items.filter(({ time }) => time > now - recent) ?? [];
  const [newest] = found;
  if (newest === undefined) return null;
  const devices = new Set(
    found.flatMap(({ entities }) => entities.flatMap(({ type, id }) => (type === 'device' ? [id] : []))),
  );
  return (
    <p className="notice bad">
      <Copy aria-hidden="true" />
      <span>
        {t('devices.clones', { n: devices.size, time: format.relative(newest.time, now) })}{' '}
        {[...devices].slice(0, 4).map((id) => (
          <Link key={id} className="row-link mono strong" href={`/devices/${encodeURIComponent(id)}`}>
            {id}{' '}
          </Link>
        ))}
        <Link href={`/detections?rule=${cloneRule}`}>{t('devices.clonesSee')}</Link>
      </span>
    </p>
  );
}
