import type { PolicyFilesView, ReplayView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { type ChangeEvent, type FormEvent, useId, useState } from 'react';
import { ApiError, post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { policyFilesQuery } from '../../api/queries.ts';
import { useSettings } from '../../language/settings.tsx';
import { Failure, Loaded, Panel } from '../../parts/frame.tsx';
import { candidateOf, type Edits, placeOf } from './candidate.ts';
import { Outcome } from './outcome.tsx';
import { SpanField } from './span-field.tsx';

/** Tries a change of the policies against what was decided: who would gain, who would lose. Nothing comes into force. */
export function Try() {
  const query = useQuery(policyFilesQuery());
  return <Loaded query={query}>{(files) => <Workbench files={files} />}</Loaded>;
}

function Workbench({ files }: { files: PolicyFilesView }) {
  const { t } = useSettings();
  const [edits, setEdits] = useState<Edits>(new Map());
  const [chosen, setChosen] = useState(files.policies[0]?.file ?? files.schema.file);
  const [hours, setHours] = useState<number>(24);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const [result, setResult] = useState<ReplayView>();
  const id = useId();
  const candidate = candidateOf(files, edits);
  const all = [candidate.schema, ...candidate.policies];
  const inForce = [files.schema, ...files.policies].find(({ file }) => file === chosen)?.text ?? '';
  const place = error instanceof ApiError && error.status === 422 ? error.problem : undefined;

  const edit = (file: string, text: string) => {
    const next = new Map(edits);
    const before = [files.schema, ...files.policies].find((one) => one.file === file)?.text;
    before === text ? next.delete(file) : next.set(file, text);
    setEdits(next);
  };
  const upload = async (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const next = new Map(edits);
    for (const file of input.files ?? []) {
      if (!/\.cedar(?:schema)?$/.test(file.name)) continue;
      const name = placeOf(files, file.webkitRelativePath || file.name);
      next.set(name, await file.text());
      setChosen(name);
    }
    setEdits(next);
    input.value = '';
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    setResult(undefined);
    try {
      setResult(await post<ReplayView>(paths.policyReplay, { ...candidate, hours }));
    } catch (reason) {
      setError(reason);
      if (reason instanceof ApiError && all.some(({ file }) => file === reason.problem?.file))
        setChosen(reason.problem!.file!);
    } finally {
      setBusy(false);
    }
  };

  return (
    <>
      <Panel title={t('try.title')} hint={t('try.lead')}>
        <form className="form" onSubmit={(event) => void submit(event)}>
          <div className="try-head">
            <label className="field">
              <span>{t('try.file')}</span>
              <select value={chosen} onChange={({ currentTarget: { value } }) => setChosen(value)}>
                {all.map(({ file }) => (
                  <option key={file} value={file}>
                    {edits.has(file) ? `● ${file}` : file}
                  </option>
                ))}
              </select>
            </label>
            <label className="field">
              <span>{t('try.upload')}</span>
              <input
                type="file"
                multiple
                accept=".cedar,.cedarschema"
                onChange={(event) => void upload(event)}
              />
            </label>
            <SpanField value={String(hours)} change={(value) => setHours(Number(value))} />
          </div>
          <label className="field" htmlFor={id}>
            <span>{t('try.text')}</span>
            <textarea
              id={id}
              className="mono code-field"
              rows={16}
              spellCheck={false}
              value={edits.get(chosen) ?? inForce}
              onChange={({ currentTarget: { value } }) => edit(chosen, value)}
            />
          </label>
          {place === undefined ? null : (
            <div className="form-error" role="alert">
              <strong className="mono">{place.detail}</strong>
              <LineOf text={all.find(({ file }) => file === place.file)?.text} line={place.line} />
            </div>
          )}
          {error === undefined || place !== undefined ? null : <Failure error={error} />}
          <footer className="form-foot">
            <span className="hint">
              {edits.size === 0 ? t('try.unchanged') : t('try.changed', { n: edits.size })}
            </span>
            {edits.size === 0 ? null : (
              <button type="button" className="button" onClick={() => setEdits(new Map())} disabled={busy}>
                {t('try.undo')}
              </button>
            )}
            <button type="submit" className="button primary" disabled={busy}>
              {busy ? t('common.working') : t('try.run')}
            </button>
          </footer>
        </form>
      </Panel>
      {result === undefined ? null : <Outcome result={result} />}
    </>
  );
}

/** The line that is wrong. */
function LineOf({ text, line }: { text: string | undefined; line: number | undefined }) {
  const found = line === undefined ? undefined : text?.split('\n')[line - 1];
  return found === undefined ? null : <code className="wrong-line">{found.trim()}</code>;
}
