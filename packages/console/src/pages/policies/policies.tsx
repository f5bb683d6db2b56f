import type { PoliciesView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { AlertTriangle } from 'lucide-react';
import { policiesQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Loaded, Page, Skeleton } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { useNow } from '../../parts/now.ts';
import { Reference } from '../../parts/reference.tsx';
import { Segments } from '../../parts/segments.tsx';
import { When } from '../../parts/when.tsx';
import { Blast } from './blast.tsx';
import { Cases } from './cases.tsx';
import { isCovered } from './coverage.tsx';
import { PolicyList } from './list.tsx';
import { Try } from './try.tsx';

const views = ['list', 'cases', 'try', 'blast'] as const;

/** The policies in force: what they say, what their cases prove, and what a change of them would do. */
export default function Policies() {
  const { t } = useSettings();
  const listing = useListing();
  const view = listing.choice('view', views);
  const query = useQuery(policiesQuery());
  return (
    <Page
      title={t('policies.title')}
      lead={t('policies.lead')}
      actions={
        <Segments
          label={t('policies.view')}
          value={view}
          choices={views.map((one) => [one, t(`policies.view.${one}`)] as const)}
          choose={(next) => listing.view(views, next)}
        />
      }
    >
      <Loaded query={query} skeleton={<Skeleton lines={9} />}>
        {(set) => (
          <>
            <Refused set={set} />
            {view === 'list' || view === 'cases' ? <InForce set={set} /> : null}
            {view === 'list' ? <PolicyList set={set} /> : null}
            {view === 'cases' ? <Cases set={set} /> : null}
            {view === 'try' ? <Try /> : null}
            {view === 'blast' ? <Blast set={set} /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** Which set it is, since when, and how well it is tried. */
function InForce({ set }: { set: PoliciesView }) {
  const { t, format } = useSettings();
  const covered = set.items.filter(isCovered).length;
  const failed = set.tests.filter(({ passed }) => !passed).length;
  return (
    <dl className="facts figures">
      <div>
        <dt>{t('policies.set')}</dt>
        <dd>
          <span className="mono">{set.digest}</span>
          {set.version === undefined ? null : (
            <span className="under">{t('policies.version', { n: set.version })}</span>
          )}
        </dd>
      </div>
      <div>
        <dt>{t('policies.since')}</dt>
        <dd>
          <When at={set.since} />
        </dd>
      </div>
      <div>
        <dt>{t('policies.count')}</dt>
        <dd>{format.number(set.items.length)}</dd>
      </div>
      <div>
        <dt>{t('policies.cases')}</dt>
        <dd>
          {set.tests.length === 0 ? (
            <span className="hint">{t('policies.noCases')}</span>
          ) : (
            <span className={failed === 0 ? 'good' : 'bad'}>
              {t('policies.casesHeld', {
                n: format.number(set.tests.length - failed),
                total: format.number(set.tests.length),
              })}
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt>{t('policies.coverage')}</dt>
        <dd>
          {set.tests.length === 0 ? (
            <span className="hint">{t('policies.noCases')}</span>
          ) : (
            t('policies.covered', { n: format.number(covered), total: format.number(set.items.length) })
          )}
        </dd>
      </div>
    </dl>
  );
}

/** The last set that was refused: the one in force stays, and this is where the other is wrong. */
function Refused({ set: { refused } }: { set: PoliciesView }) {
  const { t, format } = useSettings();
  const now = useNow();
  if (refused === undefined) return null;
  const place = [refused.file, refused.line, refused.column].filter((part) => part !== undefined).join(':');
  return (
    <div className="failure" role="status">
      <AlertTriangle aria-hidden="true" />
      <div>
        <strong>{t('policies.refused', { time: format.relative(refused.at, now), who: refused.by })}</strong>
        {place === '' ? null : (
          <p>
            <Reference text={place} />
          </p>
        )}
        <p className="mono">{refused.message}</p>
      </div>
    </div>
  );
}
