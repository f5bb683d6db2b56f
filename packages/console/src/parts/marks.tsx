import type { EntityRef, Incident, Level } from '@kydai/contracts';
import { Link } from 'wouter';
import { useSettings } from '../language/settings.tsx';
import { Reference } from './reference.tsx';

const tiers: Readonly<Record<string, number>> = {
  informational: 1,
  none: 1,
  unknown: 1,
  low: 2,
  medium: 3,
  high: 4,
  critical: 5,
};

/** Severity as the tiers of a tower: more tiers, more severe. Shape and word say it, colour only helps. */
export function SeverityGlyph({ level }: { level: string }) {
  const count = tiers[level] ?? 1;
  return (
    <svg className="glyph" data-level={level} viewBox="0 0 16 16" aria-hidden="true">
      {[0, 1, 2, 3, 4].map((tier) => {
        const width = 14 - tier * 2.4;
        return (
          <rect
            key={tier}
            x={8 - width / 2}
            y={13 - tier * 3}
            width={width}
            height={2}
            className={tier < count ? 'on' : 'off'}
          />
        );
      })}
    </svg>
  );
}

export function Severity({ level }: { level: Level }) {
  const { t } = useSettings();
  return (
    <span className="severity" data-level={level}>
      <SeverityGlyph level={level} />
      {t(`level.${level}`)}
    </span>
  );
}

export function StateMark({ state }: { state: Incident['state'] }) {
  const { t } = useSettings();
  return (
    <span className="mark" data-state={state}>
      {t(`state.${state}`)}
    </span>
  );
}

/** Marks what belongs to a drill, wherever it is shown. */
export function DrillMark() {
  const { t } = useSettings();
  return (
    <span className="drill-mark" title={t('common.drillHint')}>
      {t('common.drill')}
    </span>
  );
}

export function CertificateMark({ status }: { status: 'valid' | 'revoked' | 'expired' }) {
  const { t } = useSettings();
  return (
    <span className="mark" data-certificate={status}>
      {t(`certificates.status.${status}`)}
    </span>
  );
}

/** A person, machine or address, with a link to where more is known about it. */
export function Entity({ entity, bare = false }: { entity: EntityRef; bare?: boolean }) {
  const { t } = useSettings();
  const href = entityHref(entity);
  const body = (
    <>
      {bare ? null : <span className="entity-type">{t(`entity.${entity.type}`)}</span>}
      <Reference text={entity.id} />
    </>
  );
  return href ? (
    <Link className="entity" href={href}>
      {body}
    </Link>
  ) : (
    <span className="entity">{body}</span>
  );
}

/** Entities by their names, each once: a device and the host that it is have one. */
export function namedOnce(entities: readonly EntityRef[]): readonly EntityRef[] {
  return entities.filter(({ id }, at) => entities.findIndex((other) => other.id === id) === at);
}

/** Where an entity leads: its own page, or the logs that name it. */
export function entityHref(entity: EntityRef): string | undefined {
  switch (entity.type) {
    case 'device':
      return `/devices/${encodeURIComponent(entity.id)}`;
    case 'address':
      return `/logs?q=${encodeURIComponent(`source.ip:"${entity.id}"`)}&range=24h`;
    case 'user':
      return `/logs?q=${encodeURIComponent(`user.name:"${entity.id}"`)}&range=24h`;
    case 'host':
      return `/logs?q=${encodeURIComponent(`host.name:"${entity.id}"`)}&range=24h`;
    default:
      return undefined;
  }
}

/** ATT&CK technique ids; they are words of the field and stay as they are. */
export function Techniques({ ids }: { ids: readonly string[] }) {
  return (
    <span className="techniques">
      {ids.map((id) => (
        <span key={id} className="technique mono">
          {id}
        </span>
      ))}
    </span>
  );
}
