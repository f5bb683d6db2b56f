import { useLive } from '../api/live.tsx';
import { useSettings } from '../language/settings.tsx';

/**
 * The mark of the product: the flag tower on its three terraces. The flag is raised while live updates arrive, at half
 * mast while reconnecting, and down when offline.
 */
export function FlagTower({ state }: { state: 'live' | 'connecting' | 'offline' }) {
  return (
    <svg className="flag-tower" data-state={state} viewBox="0 0 40 40" aria-hidden="true">
      <path
        className="tower"
        d="M19 5h1.600v15H19zM14.500 20h10.600l1.100 4.600H13.400zM10.800 25.600h18l1.100 4.600H9.700zM7 31.200h25.600l1.200 4.800H5.800z"
      />
      <g className="flag">
        <path d="M20.600 6c3-1.500 5 1.500 8 .6 1-.3 2-.8 3-.9v6c-3 0-4 1.700-7 .9-1.500-.4-2.700-.9-4-.4z" />
      </g>
    </svg>
  );
}

/** Says in a word whether what is shown is live. */
export function LiveMark() {
  const { state } = useLive();
  const { t } = useSettings();
  return (
    <span className="live-mark" data-state={state} title={t('live.explain')} role="status">
      <i aria-hidden="true" />
      {t(`live.${state}`)}
    </span>
  );
}
