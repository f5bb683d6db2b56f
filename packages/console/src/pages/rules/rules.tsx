import type { RuleView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { rulesQuery } from '../../api/queries.ts';
import { titleOfRule } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Loaded, Page } from '../../parts/frame.tsx';
import { Severity, Techniques } from '../../parts/marks.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Segments } from '../../parts/segments.tsx';
import { Pager, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { AttackMap } from './attack-map.tsx';
import { Packs } from './packs.tsx';
import { CasesMark, RuleState } from './state.tsx';

const limit = 50;
const views = ['list', 'map', 'packs'] as const;
const orders = ['given', 'fired', 'suppressed', 'last'] as const;
export type Order = (typeof orders)[number];

/** The detection rules: which there are, what they cover, how noisy they are, and where they came from. */
export default function Rules() {
  const { t, format } = useSettings();
  const [search, setSearch] = useSearchParams();
  const view = views.find((one) => one === search.get('view')) ?? 'list';
  const all = useQuery(rulesQuery('', undefined, 'given', 1, 0));
  return (
    <Page
      title={t('rules.title')}
      lead={all.data ? t('rules.lead', { n: format.number(all.data.total) }) : undefined}
      actions={
        <Segments
          label={t('rules.view')}
          value={view}
          choices={views.map((one) => [one, t(`rules.view.${one}`)] as const)}
          choose={(next) => setSearch(next === 'list' ? {} : { view: next })}
        />
      }
    >
      {view === 'map' ? <AttackMap /> : view === 'packs' ? <Packs /> : <List />}
    </Page>
  );
}

function List() {
  const { t } = useSettings();
  const [search, setSearch] = useSearchParams();
  const q = search.get('q') ?? '';
  const pack = search.get('pack');
  const order = orders.find((one) => one === search.get('order')) ?? 'given';
  const offset = Number(search.get('offset') ?? 0) || 0;
  const query = useQuery(rulesQuery(q, pack ?? undefined, order, limit, offset));
  const set = (changes: Record<string, string | undefined>) =>
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (!('offset' in changes)) next.delete('offset');
      for (const [name, value] of Object.entries(changes))
        value === undefined ? next.delete(name) : next.set(name, value);
      return next;
    });
  return (
    <>
      <div className="tools">
        <SearchBox
          label={t('rules.search')}
          value={q}
          search={(text) => set({ q: text === '' ? undefined : text })}
        />
        <label className="tool">
          <span>{t('rules.order')}</span>
          <select value={order} onChange={(event) => set({ order: event.currentTarget.value })}>
            {orders.map((one) => (
              <option key={one} value={one}>
                {t(`rules.order.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <label className="tool">
          <span>{t('rules.origin')}</span>
          <select
            value={pack ?? 'all'}
            onChange={({ currentTarget: { value } }) => set({ pack: value === 'all' ? undefined : value })}
          >
            <option value="all">{t('rules.origin.all')}</option>
            <option value="">{t('rules.origin.own')}</option>
            {query.data?.packs.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t('rules.none')} hint={t('rules.noneHint')} />
          ) : (
            <>
              <RuleTable rules={page.items} />
              <Pager
                offset={offset}
                limit={limit}
                total={page.total}
                go={(next) => set({ offset: String(next) })}
              />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function RuleTable({ rules }: { rules: readonly RuleView[] }) {
  const { t, format, language } = useSettings();
  return (
    <Table
      caption={t('rules.title')}
      rows={rules}
      rowKey={(rule) => rule.id}
      mark={(rule) => (rule.enabled ? undefined : 'rule-off')}
      columns={[
        { id: 'level', head: t('rules.level'), cell: (rule) => <Severity level={rule.level} /> },
        {
          id: 'rule',
          head: t('detections.col.rule'),
          kind: 'lead',
          cell: (rule) => (
            <>
              <Link className="row-link strong" href={`/rules/${encodeURIComponent(rule.id)}`}>
                {titleOfRule(rule, language)}
              </Link>
              <span className="under">
                <span className="hint">{rule.pack ?? t('rules.origin.own')}</span>
                {rule.kind === 'correlation' ? (
                  <span className="hint">{t('rules.kind.correlation')}</span>
                ) : null}
                <Techniques ids={rule.techniques.slice(0, 4)} />
              </span>
            </>
          ),
        },
        {
          id: 'fired',
          head: t('rules.col.fired'),
          kind: 'figure',
          cell: (rule) => format.number(rule.fired),
        },
        {
          id: 'suppressed',
          head: t('rules.col.suppressed'),
          kind: 'figure',
          cell: (rule) =>
            rule.suppressed > 0 ? (
              <strong className="held">{format.number(rule.suppressed)}</strong>
            ) : (
              format.number(0)
            ),
        },
        {
          id: 'last',
          head: t('rules.col.last'),
          cell: (rule) =>
            rule.lastFired === null ? (
              <span className="hint">{t('rules.never')}</span>
            ) : (
              <When at={rule.lastFired} />
            ),
        },
        { id: 'tests', head: t('rules.col.tests'), cell: (rule) => <CasesMark tests={rule.tests} /> },
        { id: 'state', head: t('rules.col.state'), kind: 'end', cell: (rule) => <RuleState rule={rule} /> },
      ]}
    />
  );
}
