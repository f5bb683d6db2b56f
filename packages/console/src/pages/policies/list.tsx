import type { PoliciesView, PolicyView } from '@kydai/contracts';
import { reasonOf } from '../../language/phrases.ts';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Panel } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { SearchBox } from '../../parts/search-box.tsx';
import { Conditions, CoverageMark, isCovered } from './coverage.tsx';

const shows = ['all', 'permit', 'forbid', 'untried'] as const;

/** Every policy of the set, file by file, each with its text and what its cases cover. */
export function PolicyList({ set }: { set: PoliciesView }) {
  const { t, format, language } = useSettings();
  const listing = useListing();
  const q = listing.of('q').toLocaleLowerCase(language);
  const show = listing.choice('show', shows);
  const wanted = set.items.filter(
    (policy) =>
      (show === 'all' || (show === 'untried' ? !isCovered(policy) : policy.effect === show)) &&
      `${policy.id}\n${policy.text}`.toLocaleLowerCase(language).includes(q),
  );
  const files = Map.groupBy(wanted, ({ file }) => file);
  return (
    <>
      <div className="tools">
        <SearchBox
          label={t('policies.search')}
          value={listing.of('q')}
          search={(text) => listing.filter({ q: text })}
        />
        <label className="tool">
          <span>{t('policies.show')}</span>
          <select
            value={show}
            onChange={({ currentTarget: { value } }) =>
              listing.filter({ show: value === 'all' ? '' : value })
            }
          >
            {shows.map((one) => (
              <option key={one} value={one}>
                {t(`policies.show.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <span className="hint figures">
          {t('policies.shown', { n: format.number(wanted.length), total: format.number(set.items.length) })}
        </span>
      </div>
      {wanted.length === 0 ? <Empty title={t('policies.none')} hint={t('policies.noneHint')} /> : null}
      {[...files].map(([file, policies]) => (
        <Panel key={file} title={file} hint={t('policies.inFile', { n: policies.length })} flush>
          <ul className="policy-lines">
            {policies.map((policy) => (
              <li key={policy.id}>
                <Line policy={policy} open={listing.of('open') === policy.id} />
              </li>
            ))}
          </ul>
        </Panel>
      ))}
    </>
  );
}

function Line({ policy, open }: { policy: PolicyView; open: boolean }) {
  const { t, language } = useSettings();
  const { reason, reason_en: reasonEn, ...others } = policy.annotations;
  const said = reasonOf({ reason, reasonEn }, language);
  return (
    <details className="policy-line" open={open} id={`policy-${policy.id}`}>
      <summary>
        <span className="mark" data-effect={policy.effect}>
          {t(`policies.effect.${policy.effect}`)}
        </span>
        <span className="policy-name">
          <span className="mono strong">{policy.id}</span>
          {said === undefined ? null : <span className="under">{said}</span>}
        </span>
        <CoverageMark policy={policy} />
      </summary>
      <div className="policy-body">
        <Annotations annotations={others} />
        <pre className="cedar">
          <code>
            {policy.text.split('\n').map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text that never moves
              <span key={index} data-line={policy.line + index}>
                {line}
                {'\n'}
              </span>
            ))}
          </code>
        </pre>
        <Conditions policy={policy} />
      </div>
    </details>
  );
}

function Annotations({ annotations }: { annotations: Readonly<Record<string, string>> }) {
  const shown = Object.entries(annotations).filter(([name]) => name !== 'id');
  if (shown.length === 0) return null;
  return (
    <dl className="annotations">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt className="mono">@{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
