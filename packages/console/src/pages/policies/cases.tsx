import type { PoliciesView, PolicyCaseView } from '@kydai/contracts';
import { useState } from 'react';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Panel } from '../../parts/frame.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Table } from '../../parts/table.tsx';

/** The cases that held before the set came into force. */
export function Cases({ set }: { set: PoliciesView }) {
  const { t } = useSettings();
  const [q, setQ] = useState('');
  if (set.tests.length === 0)
    return (
      <Empty
        title={t('policies.noCases')}
        hint={t(set.version === undefined ? 'policies.noCasesHint' : 'policies.noCasesBundle')}
      />
    );
  const wanted = set.tests.filter(({ name, file }) =>
    `${name}\n${file}`.toLocaleLowerCase().includes(q.toLocaleLowerCase()),
  );
  const files = Map.groupBy(wanted, ({ file }) => file);
  return (
    <>
      <div className="tools">
        <SearchBox label={t('policies.searchCases')} value={q} search={setQ} />
      </div>
      {[...files].map(([file, cases]) => (
        <Panel key={file} title={file} hint={t('policies.casesInFile', { n: cases.length })} flush>
          <CaseTable caption={file} cases={cases} />
        </Panel>
      ))}
    </>
  );
}

export function CaseTable({ caption, cases }: { caption: string; cases: readonly PolicyCaseView[] }) {
  const { t } = useSettings();
  return (
    <Table
      caption={caption}
      rows={cases}
      rowKey={({ file, name }) => `${file} ${name}`}
      columns={[
        {
          id: 'passed',
          head: t('policies.case.outcome'),
          cell: ({ passed }) => (
            <span className="mark" data-verdict={passed ? 'pass' : 'fail'}>
              {t(passed ? 'policies.case.held' : 'policies.case.failed')}
            </span>
          ),
        },
        { id: 'name', head: t('policies.case.name'), kind: 'lead', cell: ({ name }) => name },
        {
          id: 'expected',
          head: t('policies.case.expected'),
          kind: 'wide',
          cell: ({ passed, expected, got }) => (
            <>
              <span className="mono">{expected}</span>
              {passed ? null : (
                <span className="under bad">
                  {t('policies.case.got')} <span className="mono">{got}</span>
                </span>
              )}
            </>
          ),
        },
      ]}
    />
  );
}
