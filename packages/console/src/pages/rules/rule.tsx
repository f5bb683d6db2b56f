import type { RuleDetailView } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, BellOff, BellRing, Crosshair, SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { ruleQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.tsx';
import { titleOfRule, wordsOfRule } from '../../language/named.ts';
import { capital } from '../../language/phrases.ts';
import { useSettings } from '../../language/settings.tsx';
import { CommentField, ConfirmDialog, fieldText } from '../../parts/dialog.tsx';
import { Copyable, Loaded, Page, Panel, Skeleton } from '../../parts/frame.tsx';
import { Severity, Techniques } from '../../parts/marks.tsx';
import { useNow } from '../../parts/now.ts';
import { Reference } from '../../parts/reference.tsx';
import { TimeBars } from '../../parts/time-bars.tsx';
import { When } from '../../parts/when.tsx';
import { Cases } from './cases.tsx';
import { Condition, Reach } from './explanation.tsx';
import { RuleState } from './state.tsx';

/** One rule: what it looks for, whether it can fire here, how noisy it is, and the cases that prove it. */
export default function RulePage({ id }: { id: string }) {
  const query = useQuery(ruleQuery(id));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={10} tall />}>
      {(rule) => <Body rule={rule} />}
    </Loaded>
  );
}

const day = 86_400_000;

function Body({ rule }: { rule: RuleDetailView }) {
  const { t, format, language } = useSettings();
  const now = useNow();
  const title = titleOfRule(rule, language);
  const { description, knownGaps, falsePositives } = wordsOfRule(rule, language);
  return (
    <Page
      title={title}
      className="rule"
      lead={
        <span className="incident-facts">
          <Link className="back" href="/rules">
            <ArrowLeft aria-hidden="true" />
            {t('rule.back')}
          </Link>
          <Severity level={rule.level} />
          <RuleState rule={rule} />
          <span className="hint">{t(`rules.kind.${rule.kind}`)}</span>
          <span className="hint">{rule.pack ?? t('rules.origin.own')}</span>
          <Techniques ids={rule.techniques} />
        </span>
      }
      actions={
        <>
          <Link className="button" href={`/detections?rule=${encodeURIComponent(rule.id)}`}>
            {t('rule.alerts')}
          </Link>
          <Link className="button" href={`/hunts?rule=${encodeURIComponent(rule.id)}`}>
            <Crosshair aria-hidden="true" />
            {t('rule.hunt')}
          </Link>
          <Change rule={rule} title={title} />
        </>
      }
    >
      <dl className="facts figures">
        <div>
          <dt>{t('rules.col.fired')}</dt>
          <dd>{format.number(rule.fired)}</dd>
        </div>
        <div>
          <dt>{t('rules.col.suppressed')}</dt>
          <dd>{format.number(rule.suppressed)}</dd>
        </div>
        <div>
          <dt>{t('rules.col.last')}</dt>
          <dd>{rule.lastFired === null ? t('rules.never') : <When at={rule.lastFired} />}</dd>
        </div>
        <div>
          <dt>{t('rule.limitsTitle')}</dt>
          <dd>
            {t('rule.limits', {
              perSource: rule.limits.perSource,
              perRule: rule.limits.perRule,
              window: format.duration(rule.limits.windowSeconds * 1000),
            })}
          </dd>
        </div>
      </dl>
      {rule.changed === null ? null : (
        <p className="hint">
          {t('rule.changedBy', {
            who: rule.changed.by,
            time: format.relative(rule.changed.at, now),
            reason: rule.changed.reason,
          })}
        </p>
      )}
      <div className="two-columns">
        <div className="stack">
          <Panel title={t('rule.about')}>
            <div className="stack">
              {description === '' ? null : <p>{description}</p>}
              <Condition explanation={rule.explanation} />
            </div>
          </Panel>
          <Panel title={t('rule.cases')} flush>
            <Cases cases={rule.cases} />
          </Panel>
        </div>
        <div className="stack">
          <Reach explanation={rule.explanation} />
          <Panel title={t('rule.noise')} hint={t('rule.noiseHint')}>
            <TimeBars
              bars={rule.daily}
              interval={day}
              label={t('rule.noise')}
              countLabel={t('rules.col.fired').toLowerCase()}
            />
          </Panel>
          <Panel title={t('rule.gaps')}>
            <p>{knownGaps === null ? t('rule.gapsNone') : capital(knownGaps)}</p>
          </Panel>
          {falsePositives.length === 0 ? null : (
            <Panel title={t('rule.falsePositives')}>
              <ul className="plain-list">
                {falsePositives.map((one) => (
                  <li key={one}>{one}</li>
                ))}
              </ul>
            </Panel>
          )}
        </div>
      </div>
      <details className="panel source-text">
        <summary>
          <h2>{t('rule.text')}</h2>
          <Reference text={rule.file} />
        </summary>
        <Copyable text={rule.text} label={t('rule.text')} />
      </details>
    </Page>
  );
}

function Change({ rule, title }: { rule: RuleDetailView; title: string }) {
  const { t } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const [asking, setAsking] = useState<'state' | 'limit'>();
  if (!may('change-rules')) return null;
  const change = async (body: object) => {
    const next = await post<RuleDetailView>(paths.rule(rule.id), body);
    client.setQueryData(['rule', rule.id], next);
    await client.invalidateQueries({ queryKey: ['rules'] });
  };
  const act = rule.enabled ? 'rule.turnOff' : 'rule.turnOn';
  return (
    <>
      <button type="button" className="button" onClick={() => setAsking('limit')}>
        <SlidersHorizontal aria-hidden="true" />
        {t('rule.limit')}
      </button>
      <button
        type="button"
        className={rule.enabled ? 'button danger' : 'button primary'}
        onClick={() => setAsking('state')}
      >
        {rule.enabled ? <BellOff aria-hidden="true" /> : <BellRing aria-hidden="true" />}
        {t(act)}
      </button>
      {asking === 'state' ? (
        <ConfirmDialog
          title={`${t(act)}: ${title}`}
          explanation={t(rule.enabled ? 'rule.turnOffExplain' : 'rule.turnOnExplain')}
          confirm={t(act)}
          tone={rule.enabled ? 'danger' : 'plain'}
          close={() => setAsking(undefined)}
          act={(form) => change({ enabled: !rule.enabled, reason: fieldText(form, 'reason') })}
        >
          <CommentField name="reason" label={t('rule.why')} required max={500} />
        </ConfirmDialog>
      ) : null}
      {asking === 'limit' ? (
        <ConfirmDialog
          title={`${t('rule.limit')}: ${title}`}
          explanation={t('rule.limitExplain')}
          confirm={t('rule.limit')}
          close={() => setAsking(undefined)}
          act={(form) => change({ throttle: limitsOf(form), reason: fieldText(form, 'reason') })}
        >
          <div className="form columns narrow">
            {limitFields.map(([name, label]) => (
              <label key={name} className="field">
                <span>{t(label)}</span>
                <input
                  type="number"
                  name={name}
                  min={1}
                  max={name === 'windowSeconds' ? 86_400 : 1_000_000}
                  inputMode="numeric"
                  defaultValue={rule.throttle?.[name] ?? ''}
                  placeholder={String(rule.limits[name])}
                />
              </label>
            ))}
          </div>
          <CommentField name="reason" label={t('rule.why')} required max={500} />
        </ConfirmDialog>
      ) : null}
    </>
  );
}

const limitFields = [
  ['perSource', 'rule.perSource'],
  ['perRule', 'rule.perRule'],
  ['windowSeconds', 'rule.window'],
] as const;

/** What the form gives; null, the limits of every rule, where it gives nothing. */
function limitsOf(form: FormData): Record<string, number> | null {
  const given = limitFields.flatMap(([name]) => {
    const text = fieldText(form, name);
    return text === '' ? [] : [[name, Number(text)] as const];
  });
  return given.length === 0 ? null : Object.fromEntries(given);
}
