import type { ApiTokenView, tokenScopes } from '@kydai/contracts';
import { KeyRound } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { post } from '../../api/client.ts';
import { paths } from '../../api/paths.ts';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { Dialog, FormError, fieldText } from '../../parts/dialog.tsx';
import { Copyable } from '../../parts/frame.tsx';

const scopes: readonly (typeof tokenScopes)[number][] = [
  'ingest-events',
  'push-sbom',
  'read-api',
  'ask-decision',
];
const lifetimes = [30, 90, 180, 366] as const;

/** Makes a token for a log shipper or a pipeline: a name, what it may do, how long. It is shown once. */
export function ApiTokenButton() {
  const { t, format } = useSettings();
  const may = useMay();
  const [open, setOpen] = useState(false);
  const [token, setToken] = useState<ApiTokenView>();
  const [error, setError] = useState<unknown>();
  if (!may('create-api-token')) return null;
  const close = () => {
    setOpen(false);
    setToken(undefined);
    setError(undefined);
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setError(undefined);
    try {
      setToken(
        await post(paths.apiTokens, {
          name: fieldText(form, 'name'),
          scopes: form.getAll('scope'),
          days: Number(fieldText(form, 'days')),
        }),
      );
    } catch (reason) {
      setError(reason);
    }
  };
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        <KeyRound aria-hidden="true" />
        {t('token.make')}
      </button>
      {open ? (
        <Dialog title={t('token.title')} close={close}>
          {token ? (
            <div className="form">
              <p className="notice warn">{t('enrol.once')}</p>
              <Copyable text={token.token} label={t('token.title')} />
              <p>{t('token.use')}</p>
              <Copyable text={`authorization: Bearer ${token.token}`} label="HTTP" />
              <p className="hint figures">
                {token.name} · {token.scopes.join(', ')} ·{' '}
                {t('enrol.expires', { time: format.exact(token.expires) })}
              </p>
            </div>
          ) : (
            <form className="form" onSubmit={(event) => void submit(event)}>
              <label className="field">
                <span>{t('token.name')}</span>
                <input name="name" required maxLength={64} autoComplete="off" />
                <small>{t('token.nameHint')}</small>
              </label>
              <fieldset className="field">
                <legend>{t('token.scopes')}</legend>
                {scopes.map((scope) => (
                  <label key={scope} className="check">
                    <input
                      type="checkbox"
                      name="scope"
                      value={scope}
                      defaultChecked={scope === 'ingest-events'}
                    />
                    <span>{t(`token.scope.${scope}`)}</span>
                  </label>
                ))}
              </fieldset>
              <label className="field">
                <span>{t('enrol.minutes')}</span>
                <select name="days" defaultValue={90}>
                  {lifetimes.map((days) => (
                    <option key={days} value={days}>
                      {t('token.days', { n: days })}
                    </option>
                  ))}
                </select>
              </label>
              <FormError error={error} />
              <footer className="dialog-foot">
                <button type="button" className="button" onClick={close}>
                  {t('common.cancel')}
                </button>
                <button type="submit" className="button primary">
                  {t('token.make')}
                </button>
              </footer>
            </form>
          )}
        </Dialog>
      ) : null}
    </>
  );
}
