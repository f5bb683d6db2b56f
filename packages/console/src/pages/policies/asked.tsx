import { useSettings } from '../../language/settings.tsx';
import type { Column } from '../../parts/table.tsx';
import { Uid } from '../../parts/uid.tsx';

interface UidValue {
  readonly type: string;
  readonly id: string;
}

/** Who asks for what: the first columns of every table of decisions. */
export function useAskedColumns<T>(
  asked: (row: T) => { readonly principal: UidValue; readonly action: string },
): readonly Column<T>[] {
  const { t } = useSettings();
  return [
    {
      id: 'who',
      head: t('decisions.col.who'),
      kind: 'lead',
      cell: (row) => <Uid uid={asked(row).principal} />,
    },
    {
      id: 'action',
      head: t('decisions.col.action'),
      cell: (row) => <span className="mono">{asked(row).action}</span>,
    },
  ];
}
