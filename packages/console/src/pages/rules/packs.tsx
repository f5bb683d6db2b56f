import type { PackNews, RuleProblemView } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { remove } from '../../api/client.ts';
import { followNews } from '../../api/news.ts';
import { paths } from '../../api/paths.ts';
import { rulesQuery } from '../../api/queries.ts';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { ConfirmDialog } from '../../parts/dialog.tsx';
import { Empty, Failure, Loaded, Panel } from '../../parts/frame.tsx';
import { ProgressLine } from '../../parts/progress-line.tsx';
import { Table } from '../../parts/table.tsx';

/** The packs that were imported, and the way to check and import another one. */
export function Packs() {
  const { t } = useSettings();
  const query = useQuery(rulesQuery({ pack: 'all' }, 1, 0));
  const may = useMay();
  const client = useQueryClient();
  const [leaving, setLeaving] = useState<string>();
  return (
    <>
      <Panel title={t('packs.title')} flush>
        <Loaded query={query}>
          {({ packs }) =>
            packs.length === 0 ? (
              <Empty title={t('packs.none')} hint={t('packs.noneHint')} />
            ) : (
              <ul className="pack-lines">
                {packs.map(({ name, rules, errors, warnings }) => (
                  <li key={name}>
                    <strong className="mono">{name}</strong>
                    <span className="hint figures">{t('packs.line', { rules, errors, warnings })}</span>
                    {may('change-rules') ? (
                      <button type="button" className="button" onClick={() => setLeaving(name)}>
                        {t('packs.remove')}
                      </button>
                    ) : null}
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      <Import />
      {leaving === undefined ? null : (
        <ConfirmDialog
          title={`${t('packs.remove')}: ${leaving}`}
          explanation={t('packs.removeExplain')}
          confirm={t('packs.remove')}
          tone="danger"
          close={() => setLeaving(undefined)}
          act={async () => {
            await remove(paths.pack(leaving));
            await client.invalidateQueries({ queryKey: ['rules'] });
          }}
        />
      )}
    </>
  );
}

type Done = Extract<PackNews, { type: 'done' }>;

function Import() {
  const { t } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const [news, setNews] = useState<PackNews | 'sending'>();
  const [error, setError] = useState<unknown>();
  const [empty, setEmpty] = useState(false);
  const [name, setName] = useState('');
  const working = useRef<AbortController>(undefined);
  const busy = news !== undefined && (news === 'sending' || news.type === 'progress');

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const submitter = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement;
    const check = submitter.value === 'check';
    const file = form.get('file') as File;
    const text = String(form.get('text') ?? '');
    setError(undefined);
    setEmpty(false);
    if (file.size === 0 && text.trim() === '') {
      setNews(undefined);
      setEmpty(true);
      return;
    }
    working.current = new AbortController();
    setNews('sending');
    try {
      const body = file.size > 0 ? file : new Blob([text]);
      const path = check ? paths.packCheck(name) : paths.pack(name);
      await followNews<PackNews>(path, body, setNews, working.current.signal);
      if (!check) await client.invalidateQueries({ queryKey: ['rules'] });
    } catch (reason) {
      setNews(undefined);
      if (!working.current.signal.aborted) setError(reason);
    }
  };

  return (
    <Panel title={t('packs.import')}>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <div className="form columns">
          <label className="field">
            <span>{t('packs.file')}</span>
            <input
              type="file"
              name="file"
              accept=".zip,.gz,.tgz,.yml,.yaml"
              onChange={(event) => {
                const [file] = event.currentTarget.files ?? [];
                if (file) setName(nameOf(file.name));
              }}
            />
          </label>
          <label className="field">
            <span>{t('packs.name')}</span>
            <input
              name="name"
              required
              maxLength={63}
              pattern="[a-z0-9][a-z0-9\-]*"
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <small>{t('packs.nameHint')}</small>
          </label>
        </div>
        <label className="field">
          <span>{t('packs.paste')}</span>
          <textarea className="mono" name="text" rows={6} spellCheck={false} />
        </label>
        {busy ? (
          <ProgressLine
            share={news === 'sending' || news.type !== 'progress' ? undefined : news.read / news.files}
            words={
              news !== 'sending' && news.type === 'progress'
                ? t('packs.progress', { read: news.read, files: news.files })
                : t('packs.sending')
            }
            cancel={() => {
              working.current?.abort();
              setNews(undefined);
            }}
          />
        ) : (
          <div className="inline">
            <button type="submit" className="button" name="act" value="check">
              {t('packs.check')}
            </button>
            {may('change-rules') ? (
              <button type="submit" className="button primary" name="act" value="import">
                {t('packs.take')}
              </button>
            ) : (
              <span className="hint">{t('common.noPermission')}</span>
            )}
          </div>
        )}
      </form>
      <div aria-live="polite">
        {empty ? <p className="form-error">{t('packs.empty')}</p> : null}
        {error ? <Failure error={error} /> : null}
        {news !== undefined && news !== 'sending' && news.type === 'done' ? <Outcome done={news} /> : null}
      </div>
    </Panel>
  );
}

function Outcome({ done }: { done: Done }) {
  const { t, format } = useSettings();
  const { name, imported, rules, errors, warnings, inForce, problems, tooLarge } = done;
  return (
    <div className="stack outcome">
      <p className={errors === 0 ? 'notice good' : 'notice warn'}>
        {imported
          ? t('packs.imported', { name, rules, errors, all: format.number(inForce ?? 0) })
          : t('packs.checked', { rules, errors, warnings })}
      </p>
      {tooLarge.length === 0 ? null : (
        <p className="hint">{t('packs.tooLarge', { files: tooLarge.join(', ') })}</p>
      )}
      {problems.length === 0 ? null : <Problems problems={problems} total={errors + warnings} />}
    </div>
  );
}

function Problems({ problems, total }: { problems: readonly RuleProblemView[]; total: number }) {
  const { t } = useSettings();
  return (
    <section className="stack">
      <h3>
        {t('packs.problems')}{' '}
        {total > problems.length ? (
          <span className="hint">{t('packs.problemsFirst', { n: problems.length })}</span>
        ) : null}
      </h3>
      <Table
        caption={t('packs.problems')}
        rows={problems.map((problem, index) => ({ ...problem, index }))}
        rowKey={(problem) => String(problem.index)}
        columns={[
          {
            id: 'where',
            head: t('packs.col.where'),
            cell: ({ file, line }) => (
              <span className="mono">
                {file}:{line}
              </span>
            ),
          },
          {
            id: 'what',
            head: t('packs.col.what'),
            kind: 'lead',
            cell: ({ severity, message }) => (
              <>
                <span className="mark" data-problem={severity}>
                  {t(`packs.${severity}`)}
                </span>{' '}
                {message}
              </>
            ),
          },
        ]}
      />
    </section>
  );
}

/** A name for a pack from that of its file. */
export function nameOf(file: string): string {
  return (
    file
      .replace(/\.(?:zip|tar\.gz|tgz|gz|ya?ml)$/i, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 63) || 'pack'
  );
}
