import type { RuleView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { rulesQuery } from '../../api/queries.ts';
import { titleOfRule } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { Choice, LevelChoice, leastLevels } from '../../parts/choice.tsx';
import { Empty, Loaded, Page } from '../../parts/frame.tsx';
import { type Listing, useListing } from '../../parts/listing.ts';
import { Severity, Techniques } from '../../parts/marks.tsx';
import { Pager } from '../../parts/pager.tsx';
import { SearchBox } from '../../parts/search-box.tsx';
import { Segments } from '../../parts/segments.tsx';
import { type Order, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { AttackMap } from './attack-map.tsx';
import { Packs } from './packs.tsx';
import { CasesMark, RuleState } from './state.tsx';

const views = ['list', 'map', 'packs'] as const;
const states = ['', 'on', 'off', 'limited', 'never-fired', 'failing'] as const;
const orders = ['given', '-level', 'title', '-fired', '-suppressed', '-last'] as const;

/** The detection rules: which there are, what they cover, how noisy they are, and where they came from. */
export default function Rules() {
  const { t, format } = useSettings();
  const listing = useListing();
  const view = listing.choice('view', views);
  const all = useQuery(rulesQuery({ pack: 'all' }, 1, 0));
  return (
    <Page
      title={t('rules.title')}
      lead={all.data ? t('rules.lead', { n: format.number(all.data.total) }) : undefined}
      actions={
        <Segments
          label={t('rules.view')}
          value={view}
          choices={views.map((one) => [one, t(`rules.view.${one}`)] as const)}
          choose={(next) => listing.view(views, next)}
        />
      }
    >
      {view === 'map' ? <AttackMap /> : view === 'packs' ? <Packs /> : <List listing={listing} />}
    </Page>
  );
}

function List({ listing }: { listing: Listing }) {
  const { t } = useSettings();
  const q = listing.of('q');
  // `own` stands for the empty name that the server knows the city's own rules by.
  const pack = listing.of('pack') || 'all';
  const level = listing.choice('level', leastLevels);
  const state = listing.choice('state', states);
  const order = listing.order(orders);
  const asked = { q, pack: pack === 'own' ? '' : pack, level, state, order: order.value };
  const query = useQuery(rulesQuery(asked, listing.limit, listing.offset));
  return (
    <>
      <div className="filters">
        <SearchBox label={t('rules.search')} value={q} search={(text) => listing.filter({ q: text })} />
        <LevelChoice value={level} choose={(value) => listing.filter({ level: value })} />
        <Choice
          label={t('rules.col.state')}
          all={t('rules.state.all')}
          value={state}
          choose={(value) => listing.filter({ state: value })}
          choices={states.flatMap((one) => (one === '' ? [] : [[one, t(`rules.state.${one}`)] as const]))}
        />
        <Choice
          label={t('rules.origin')}
          all={t('rules.origin.all')}
          value={pack === 'all' ? '' : pack}
          choose={(value) => listing.filter({ pack: value })}
          choices={[
            ['own', t('rules.origin.own')],
            ...(query.data?.packs.map(({ name }) => [name, name] as const) ?? []),
          ]}
        />
      </div>
      <Loaded query={query}>
        {(page) =>
          page.items.length === 0 ? (
            <Empty title={t('rules.none')} hint={t('rules.noneHint')}>
              <button
                type="button"
                className="button"
                onClick={() => listing.filter({ q: '', pack: '', level: '', state: '' })}
              >
                {t('common.showAll')}
              </button>
            </Empty>
          ) : (
            <>
              <RuleTable rules={page.items} order={order} />
              <Pager {...listing.pager(page.total)} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function RuleTable({ rules, order }: { rules: readonly RuleView[]; order: Order }) {
  const { t, format, language } = useSettings();
  return (
    <Table
      caption={t('rules.title')}
      rows={rules}
      rowKey={(rule) => rule.id}
      order={order}
      mark={(rule) => (rule.enabled ? undefined : 'rule-off')}
      columns={[
        {
          id: 'level',
          head: t('rules.level'),
          orders: ['-level'],
          cell: (rule) => <Severity level={rule.level} />,
        },
        {
          id: 'rule',
          orders: ['title'],
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
                {rule.techniques.length > 4 ? (
                  <span className="hint">+{rule.techniques.length - 4}</span>
                ) : null}
              </span>
            </>
          ),
        },
        {
          id: 'fired',
          orders: ['-fired'],
          head: t('rules.col.fired'),
          kind: 'figure',
          cell: (rule) => format.number(rule.fired),
        },
        {
          id: 'suppressed',
          orders: ['-suppressed'],
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
          orders: ['-last'],
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
