import type { CoverageView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { coverageQuery } from '../../api/queries.ts';
import { titleOfRule } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { isKey } from '../../language/translate.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Loaded, Panel, Skeleton } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { SeverityGlyph } from '../../parts/marks.tsx';
import { Segments } from '../../parts/segments.tsx';

const matrices = ['enterprise', 'ics'] as const;
const measures = ['rules', 'fired'] as const;
type Measure = (typeof measures)[number];

/** One technique with all of its sub-techniques. */
interface Tile {
  readonly id: string;
  readonly name: string;
  readonly rules: CoverageView['techniques'][number]['rules'];
  readonly count: number;
  readonly fired: number;
}

/** What the rules cover of ATT&CK: a row for each tactic, its techniques from the best covered to the gaps. */
export function AttackMap() {
  const query = useQuery(coverageQuery());
  return (
    <Loaded query={query} skeleton={<Skeleton lines={12} tall />}>
      {(view) => <Body view={view} />}
    </Loaded>
  );
}

function Body({ view }: { view: CoverageView }) {
  const { t, format } = useSettings();
  const listing = useListing();
  const matrix = listing.choice('matrix', matrices);
  const measure = listing.choice('shade', measures);
  const [chosen, setChosen] = useState<Tile>();
  const tiles = tilesOf(view);
  const columns = view.matrix.filter((column) => column.matrix === matrix);
  const shown = columns.flatMap(({ techniques }) => techniques.map(({ technique }) => tiles.get(technique)));
  const most = Math.max(1, ...shown.map((tile) => (tile === undefined ? 0 : amount(tile, measure))));
  return (
    <>
      <div className="tools">
        <Segments
          label={t('map.matrix')}
          value={matrix}
          choices={matrices.map((one) => [one, t(`map.matrix.${one}`)] as const)}
          choose={(next) => listing.choose('matrix', matrices, next)}
        />
        <Segments
          label={t('map.measure')}
          value={measure}
          choices={measures.map((one) => [one, t(`map.measure.${one}`)] as const)}
          choose={(next) => listing.choose('shade', measures, next)}
        />
        <p className="legend hint">
          {t('map.less')}
          {[1, 2, 3, 4, 5].map((heat) => (
            <span key={heat} className="heat-key" data-heat={heat} aria-hidden="true" />
          ))}
          {t('map.more')}
        </p>
      </div>
      <p className="hint">{t('map.lead')}</p>
      <div className="attack">
        {columns.map(({ tactic, techniques }) => {
          const own = techniques.map(
            ({ technique, name }) =>
              tiles.get(technique) ?? { id: technique, name, rules: [], count: 0, fired: 0 },
          );
          const covered = own
            .filter(({ count }) => count > 0)
            .sort(
              (one, other) => amount(other, measure) - amount(one, measure) || (one.id < other.id ? -1 : 1),
            );
          const gaps = own.filter(({ count }) => count === 0);
          const key = `tactic.${tactic}`;
          return (
            <section key={tactic} className="tactic">
              <header>
                <h2>{isKey(key) ? t(key as 'tactic.impact') : tactic}</h2>
                <span className="hint figures">
                  {t('map.covered', { n: covered.length, all: own.length })}
                </span>
                <span className="tactic-share" aria-hidden="true">
                  <span style={{ width: `${(covered.length / own.length) * 100}%` }} />
                </span>
              </header>
              <div className="tactic-body">
                {covered.length === 0 ? null : (
                  <ul className="tiles">
                    {covered.map((tile) => (
                      <li key={tile.id}>
                        <button
                          type="button"
                          className="tile"
                          data-heat={heatOf(amount(tile, measure), most, measure)}
                          onClick={() => setChosen(tile)}
                        >
                          <span className="tile-id mono">{tile.id}</span>
                          <span className="tile-count figures">{format.compact(amount(tile, measure))}</span>
                          <span className="tile-name">{tile.name}</span>
                        </button>
                      </li>
                    ))}
                  </ul>
                )}
                {gaps.length === 0 ? null : (
                  <details className="gaps">
                    <summary>
                      <span className="gap-squares" aria-hidden="true">
                        {gaps.map((tile) => (
                          <span key={tile.id} title={`${tile.id} ${tile.name}`} />
                        ))}
                      </span>
                      <span className="hint">{t('map.gaps', { n: gaps.length })}</span>
                    </summary>
                    <ul className="gap-names">
                      {gaps.map((tile) => (
                        <li key={tile.id}>
                          <span className="mono">{tile.id}</span> {tile.name}
                        </li>
                      ))}
                    </ul>
                  </details>
                )}
              </div>
            </section>
          );
        })}
      </div>
      <p className="hint">
        {view.untagged > 0 ? `${t('map.untagged', { n: view.untagged })} ` : null}
        {t('map.source')}
      </p>
      {chosen ? <Chosen tile={chosen} close={() => setChosen(undefined)} /> : null}
    </>
  );
}

function Chosen({ tile, close }: { tile: Tile; close: () => void }) {
  const { t, language } = useSettings();
  return (
    <Dialog title={`${tile.id} ${tile.name}`} close={close}>
      <div className="form">
        <p className="hint figures">
          {t('map.rules', { n: tile.count })} · {t('map.fired', { n: tile.fired })} ·{' '}
          <a
            href={`https://attack.mitre.org/techniques/${tile.id}/`}
            target="_blank"
            rel="noreferrer"
            className="inline"
          >
            {t('map.attack')}
            <ExternalLink className="small-icon" aria-hidden="true" />
          </a>
        </p>
        <Panel title={t('rules.title')} flush>
          <ul className="rule-lines">
            {tile.rules.map((rule) => (
              <li key={rule.id} className="inline">
                <SeverityGlyph level={rule.level} />
                <Link href={`/rules/${encodeURIComponent(rule.id)}`}>{titleOfRule(rule, language)}</Link>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
    </Dialog>
  );
}

/** By technique, its sub-techniques counted in. */
function tilesOf(view: CoverageView): ReadonlyMap<string, Tile> {
  const tiles = new Map<string, Tile>();
  for (const { technique, name, count, fired, rules } of view.techniques) {
    const id = technique.slice(0, 5);
    const before = tiles.get(id);
    const known = new Set(before?.rules.map((rule) => rule.id));
    const fresh = rules.filter((rule) => !known.has(rule.id));
    tiles.set(id, {
      id,
      name,
      rules: [...(before?.rules ?? []), ...fresh],
      count: (before?.count ?? 0) + count - (rules.length - fresh.length),
      fired: (before?.fired ?? 0) + fired,
    });
  }
  return tiles;
}

function amount(tile: Tile, measure: Measure): number {
  return measure === 'rules' ? tile.count : tile.fired;
}

/** 0 to 5. Alerts go by powers, for one noisy rule would make all others look the same. */
export function heatOf(value: number, most: number, measure: Measure): number {
  if (value === 0) return 0;
  if (measure === 'rules' && most <= 8) return Math.min(5, value);
  return Math.max(1, Math.ceil((Math.log(value + 1) / Math.log(most + 1)) * 5));
}
