import type { Certificate, EnrolmentTokenView } from '@kydai/contracts';
import { useQuery } from '@tanstack/react-query';
import { Check, LoaderCircle } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Link } from 'wouter';
import { post, serverNow } from '../api/client.ts';
import { paths } from '../api/paths.ts';
import { certificatesQuery, type Page as ListPage } from '../api/queries.ts';
import { useMay } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';
import { DeviceFields } from '../parts/device-fields.tsx';
import { FormError, fieldText } from '../parts/dialog.tsx';
import { Copyable, Empty, Page, Panel } from '../parts/frame.tsx';
import { Segments } from '../parts/segments.tsx';

const lifetimes = [60, 480, 1440, 10080] as const;
/** The contract's rule for device ids. */
const idRule = '[a-z0-9](?:[a-z0-9.\\-]{0,62}[a-z0-9])?';

/** From a name to a device with its certificate: token, commands, and the moment it arrives. */
export default function Enrol() {
  const { t, format } = useSettings();
  const may = useMay();
  const [token, setToken] = useState<EnrolmentTokenView>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  /** Devices come in rows of the same kind at the same place. */
  const [last, setLast] = useState({ kind: 'camera', zone: '' });

  if (!may('create-enrolment-token')) {
    return (
      <Page title={t('enrol.title')}>
        <Empty title={t('common.noPermission')} />
      </Page>
    );
  }
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const place = { kind: fieldText(form, 'kind'), zone: fieldText(form, 'zone') };
    setLast(place);
    setBusy(true);
    setError(undefined);
    try {
      setToken(
        await post<EnrolmentTokenView>(paths.enrolmentTokens, {
          deviceId: fieldText(form, 'deviceId'),
          ...place,
          minutes: Number(fieldText(form, 'minutes')),
        }),
      );
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title={t('enrol.title')} lead={t('enrol.lead')} className="enrol">
      <ol className="wizard">
        <li data-done={token ? true : undefined}>
          <Panel title={t('enrol.step1')}>
            {token ? (
              <p className="inline">
                <Check aria-hidden="true" /> <strong className="mono">{token.deviceId}</strong>
                <button type="button" className="button quiet" onClick={() => setToken(undefined)}>
                  {t('enrol.another')}
                </button>
              </p>
            ) : (
              <form className="form columns" onSubmit={(event) => void submit(event)}>
                <label className="field">
                  <span>{t('enrol.id')}</span>
                  <input
                    name="deviceId"
                    required
                    maxLength={64}
                    pattern={idRule}
                    title={t('enrol.idBad')}
                    className="mono"
                    autoCapitalize="none"
                    autoComplete="off"
                    spellCheck={false}
                  />
                  <small>{t('enrol.idHint')}</small>
                </label>
                <DeviceFields {...last} />
                <label className="field">
                  <span>{t('enrol.minutes')}</span>
                  <select name="minutes">
                    {lifetimes.map((minutes) => (
                      <option key={minutes} value={minutes}>
                        {t(`enrol.minutes${minutes}`)}
                      </option>
                    ))}
                  </select>
                </label>
                <FormError error={error} />
                <button type="submit" className="button primary" disabled={busy}>
                  {busy ? t('common.working') : t('enrol.create')}
                </button>
              </form>
            )}
          </Panel>
        </li>
        <li data-ahead={token ? undefined : true}>
          <Panel title={t('enrol.step2')}>
            {token ? (
              <>
                <p className="notice warn">{t('enrol.once')}</p>
                <h3>{t('enrol.token')}</h3>
                <Copyable text={token.token} label={t('enrol.token')} />
                <p className="hint figures">{t('enrol.expires', { time: format.exact(token.expires) })}</p>
                <Recipes recipes={token.recipes} />
              </>
            ) : null}
          </Panel>
        </li>
        <li data-ahead={token ? undefined : true}>
          <Panel title={t('enrol.step3')}>{token ? <Arrival deviceId={token.deviceId} /> : null}</Panel>
        </li>
      </ol>
    </Page>
  );
}

const programs = ['kydai', 'openssl', 'strongswan'] as const;

/** Commands that run as they stand, by what the device has. */
function Recipes({ recipes }: { recipes: EnrolmentTokenView['recipes'] }) {
  const { t } = useSettings();
  const [program, setProgram] = useState<(typeof programs)[number]>('kydai');
  return (
    <>
      <div className="recipe-head">
        <h3>{t('enrol.commands')}</h3>
        <Segments
          label={t('enrol.with')}
          value={program}
          choose={setProgram}
          choices={programs.map((one) => [one, t(`enrol.with.${one}`)] as const)}
        />
      </div>
      <p className="hint">{t(`enrol.hint.${program}`)}</p>
      <Copyable text={recipes[program]} label={t('enrol.commands')} />
    </>
  );
}

function Arrival({ deviceId }: { deviceId: string }) {
  const { t } = useSettings();
  const since = useState(() => serverNow() - 5000)[0];
  const isNew = (page: ListPage<Certificate> | undefined) =>
    page?.items.some((certificate) => certificate.issued >= since) ?? false;
  const query = useQuery({
    ...certificatesQuery({ subject: deviceId, status: 'valid' }, 5, 0),
    refetchInterval: (state) => (isNew(state.state.data) ? false : 2500),
  });
  const arrived = isNew(query.data);
  return (
    <p className="inline" aria-live="polite">
      {arrived ? (
        <>
          <Check aria-hidden="true" /> {t('enrol.arrived', { device: deviceId })}{' '}
          <Link className="button primary" href={`/devices/${encodeURIComponent(deviceId)}`}>
            {t('enrol.seeDevice')}
          </Link>
        </>
      ) : (
        <>
          <LoaderCircle className="spin" aria-hidden="true" /> {t('enrol.waiting', { device: deviceId })}
        </>
      )}
    </p>
  );
}
