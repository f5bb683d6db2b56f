import type { HuntNews, HuntView, RuleExplanationView } from '@kydai/contracts';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { post } from '../../api/client.ts';
import { followNews } from '../../api/news.ts';
import { paths } from '../../api/paths.ts';
import { titleOfRule } from '../../language/named.ts';
import { useSettings } from '../../language/settings.tsx';
import { Empty, Failure, Page, Panel } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { useNow } from '../../parts/now.ts';
import { ProgressLine } from '../../parts/progress-line.tsx';
import { Segments } from '../../parts/segments.tsx';
import { Condition, Reach } from '../rules/explanation.tsx';
import { Hits } from './hits.tsx';
import { RulePicker } from './rule-picker.tsx';

const hour = 3600_000;
const backs = {
  '1h': hour,
  '24h': 24 * hour,
  '7d': 168 * hour,
  '30d': 720 * hour,
  '365d': 8760 * hour,
} as const;
type Back = keyof typeof backs;
const inOrder = Object.keys(backs) as Back[];
/** Seven days, where nothing else is said. */
const spans: readonly Back[] = ['7d', ...inOrder.filter((one) => one !== '7d')];
const kinds = ['rule', 'text'] as const;

const example = `title: Mở khóa tủ điều khiển ngoài giờ
logsource:
  service: controller.log
detection:
  selection:
    event.action: door_open
    '@timestamp|hour':
      - 22
      - 23
      - 0
  condition: selection
level: medium
`;

type Progress = Extract<HuntNews, { type: 'progress' }>;

/** What was hunted last, and what it found: whoever looks at a hit finds the others again on the way back. */
interface Hunt {
  readonly kind: (typeof kinds)[number];
  readonly rule: string;
  readonly text: string;
  readonly found: HuntView | undefined;
  readonly stopped: boolean;
}
let last: Hunt | undefined;

/** Any rule over what is stored: one in force, or one that is pasted. */
export default function Hunts() {
  const { t, format, language } = useSettings();
  const now = useNow();
  const listing = useListing();
  const given = listing.of('rule');
  const back = listing.choice('back', spans);
  // A rule that the address names is another hunt than the last one, unless it is that one.
  const [before] = useState(() => (given === '' || given === last?.rule ? last : undefined));
  const [kind, setKind] = useState<Hunt['kind']>(before?.kind ?? 'rule');
  const [rule, setRule] = useState(given || (before?.rule ?? ''));
  const [text, setText] = useState(before?.text ?? '');
  const [progress, setProgress] = useState<Progress | 'started'>();
  const [found, setFound] = useState(before?.found);
  const [stopped, setStopped] = useState(before?.stopped ?? false);
  const [error, setError] = useState<unknown>();
  const hunting = useRef<AbortController>(undefined);
  const explaining = useMutation({
    mutationFn: (body: object) => post<RuleExplanationView>(paths.ruleExplain, body),
  });
  useEffect(() => {
    if (given !== '') setRule(given);
  }, [given]);
  useEffect(() => {
    last = { kind, rule, text, found, stopped };
  }, [kind, rule, text, found, stopped]);
  useEffect(() => () => hunting.current?.abort(), []);

  const quarry = kind === 'rule' ? { rule: rule.trim() } : { text };
  const ready = (kind === 'rule' ? rule : text).trim() !== '';

  const hunt = async (event: FormEvent) => {
    event.preventDefault();
    const calledOff = new AbortController();
    hunting.current = calledOff;
    setError(undefined);
    setFound(undefined);
    setStopped(false);
    setProgress('started');
    const from = new Date(Date.now() - backs[back]).toISOString();
    let sofar: HuntView | undefined;
    try {
      await followNews<HuntNews>(
        paths.hunts,
        { ...quarry, from, limit: 500 },
        (news) => {
          if (news.type === 'done') {
            setFound(news.view);
          } else if (news.type === 'progress') {
            const { judged, total, hits } = news;
            const before: HuntView['hits'] = sofar?.hits ?? [];
            const name = hits[0]?.rule ?? sofar?.rule ?? { id: '', title: '' };
            const all = [...before, ...hits];
            sofar = { rule: name, hits: all, total, judged, complete: false, ms: 0, warnings: [] };
            setProgress(news);
            setFound(sofar);
          }
        },
        calledOff.signal,
      );
    } catch (reason) {
      if (calledOff.signal.aborted) setStopped(true);
      else setError(reason);
    } finally {
      setProgress(undefined);
    }
  };

  return (
    <Page title={t('hunts.title')} lead={t('hunts.lead')}>
      <form className="panel hunt-form" onSubmit={(event) => void hunt(event)}>
        <div className="tools">
          <Segments
            label={t('hunts.with')}
            value={kind}
            choices={kinds.map((one) => [one, t(`hunts.with.${one}`)] as const)}
            choose={setKind}
          />
          <label className="tool">
            <span>{t('hunts.since')}</span>
            <select
              value={back}
              onChange={(event) => listing.choose('back', spans, event.currentTarget.value as Back)}
            >
              {inOrder.map((one) => (
                <option key={one} value={one}>
                  {t(`hunts.back.${one}`)}
                </option>
              ))}
            </select>
          </label>
        </div>
        {kind === 'rule' ? (
          <RulePicker
            value={rule}
            choose={(next) => {
              setRule(next);
              listing.open('rule', next);
            }}
          />
        ) : (
          <label className="field">
            <span>{t('hunts.text')}</span>
            <textarea
              className="mono"
              rows={12}
              spellCheck={false}
              value={text}
              placeholder={example}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          </label>
        )}
        {progress === undefined ? (
          <div className="inline">
            <button type="submit" className="button primary" disabled={!ready}>
              {t('hunts.run')}
            </button>
            <button
              type="button"
              className="button"
              disabled={!ready || explaining.isPending}
              onClick={() => explaining.mutate(quarry)}
            >
              {t('hunts.explain')}
            </button>
          </div>
        ) : (
          <ProgressLine
            share={progress === 'started' ? undefined : shareOf(progress)}
            words={
              progress === 'started'
                ? t('hunts.started')
                : t('hunts.progress', {
                    time: format.short(Math.min(progress.through, now), now),
                    hits: format.number(progress.total),
                    judged: format.number(progress.judged),
                  })
            }
            cancel={() => hunting.current?.abort()}
          />
        )}
      </form>
      <div aria-live="polite" className="stack">
        {error ? <Failure error={error} /> : null}
        {explaining.error ? <Failure error={explaining.error} /> : null}
        {explaining.data ? (
          <div className="two-columns">
            <Panel title={titleOfRule(explaining.data.rule, language)}>
              <Condition explanation={explaining.data} />
            </Panel>
            <Reach explanation={explaining.data} />
          </div>
        ) : null}
      </div>
      {found === undefined ? (
        progress === undefined && !error ? (
          <Empty title={t('hunts.start')} hint={t('hunts.startHint')} />
        ) : null
      ) : (
        <Hits view={found} running={progress !== undefined} stopped={stopped} />
      )}
    </Page>
  );
}

function shareOf({ from, to, through }: Progress): number {
  return Math.min(1, Math.max(0, (through - from) / Math.max(1, to - from)));
}
