import type { DeviceView } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeft, ShieldBan, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { post } from '../api/client.ts';
import { paths } from '../api/paths.ts';
import { blastQuery, deviceQuery } from '../api/queries.ts';
import { useMay } from '../api/session.tsx';
import { quarantineReasonOf, titleOf } from '../language/named.ts';
import { useSettings } from '../language/settings.tsx';
import { CertificateList } from '../parts/certificate-list.tsx';
import { CommentField, ConfirmDialog, fieldText } from '../parts/dialog.tsx';
import { Loaded, Page, Panel, Skeleton } from '../parts/frame.tsx';
import { DrillMark, SeverityGlyph, StateMark } from '../parts/marks.tsx';
import { OtMark, Risk, Trust } from '../parts/risk.tsx';
import { When } from '../parts/when.tsx';

/** One device: whether it is trusted and why, its certificates, its incidents, its logs. */
export default function DevicePage({ id }: { id: string }) {
  const query = useQuery(deviceQuery(id));
  return (
    <Loaded query={query} skeleton={<Skeleton lines={8} tall />}>
      {(view) => <Body view={view} />}
    </Loaded>
  );
}

function Body({ view }: { view: DeviceView }) {
  const { t, language } = useSettings();
  const { device, certificates, incidents } = view;
  return (
    <Page
      title={device.id}
      className="device"
      lead={
        <span className="incident-facts">
          <Link className="back" href="/devices">
            <ArrowLeft aria-hidden="true" />
            {t('devices.title')}
          </Link>
          <Trust device={device} />
          <span>{t(`kind.${device.kind}`)}</span>
          <span className="mono">{device.zone}</span>
          {device.operationalTechnology ? <OtMark /> : null}
          {device.drill ? <DrillMark /> : null}
        </span>
      }
      actions={
        <>
          <Link
            className="button"
            href={`/logs?q=${encodeURIComponent(`device.id:"${device.id}"`)}&range=7d`}
          >
            {t('device.logs')}
          </Link>
          <Contain view={view} />
        </>
      }
    >
      {device.quarantined ? (
        <p className="notice bad">
          <ShieldBan aria-hidden="true" />
          {t('device.quarantinedBecause', {
            reason:
              device.quarantineReason === undefined
                ? t('common.unknown')
                : quarantineReasonOf(device.quarantineReason, incidents, language),
          })}
        </p>
      ) : null}
      <dl className="facts figures">
        <div>
          <dt>{t('device.risk')}</dt>
          <dd>
            <Risk value={device.risk} />
          </dd>
        </div>
        <div>
          <dt>{t('device.enrolled')}</dt>
          <dd>
            <When at={device.enrolled} exact />
          </dd>
        </div>
        <div>
          <dt>{t('device.lastSeen')}</dt>
          <dd>{device.lastSeen === undefined ? t('common.unknown') : <When at={device.lastSeen} />}</dd>
        </div>
        <div>
          <dt>{t('device.addresses')}</dt>
          <dd className="mono">{device.addresses.join(', ') || t('common.unknown')}</dd>
        </div>
      </dl>
      <Panel title={t('device.certificates')} flush>
        {certificates.length === 0 ? (
          <p className="hint padded">{t('device.certificatesNone')}</p>
        ) : (
          <CertificateList certificates={certificates} />
        )}
      </Panel>
      <Panel
        title={t('device.incidents')}
        flush
        aside={
          incidents.length === 0 ? null : (
            <Link href={`/incidents?state=all&entity=${encodeURIComponent(`device:${device.id}`)}`}>
              {t('device.incidentsAll')}
            </Link>
          )
        }
      >
        {incidents.length === 0 ? (
          <p className="hint padded">{t('device.incidentsNone')}</p>
        ) : (
          <ul className="incident-lines">
            {incidents.map((incident) => (
              <li key={incident.id} className={incident.drill ? 'incident-line drill' : 'incident-line'}>
                <SeverityGlyph level={incident.severity} />
                <Link className="row-link" href={`/incidents/${incident.id}`}>
                  {titleOf(incident, language)} <span className="mono number">{incident.number}</span>
                </Link>
                <span className="incident-line-foot">
                  {incident.drill ? <DrillMark /> : null}
                  <StateMark state={incident.state} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Panel>
    </Page>
  );
}

/** What a quarantine would take, before somebody orders it. */
function Taken({ device }: { device: string }) {
  const { t } = useSettings();
  const entity = { type: 'Device', id: device };
  const query = useQuery(blastQuery({ entity, set: { quarantined: true } }));
  const asked = `type=Device&id=${encodeURIComponent(device)}&what=quarantine`;
  return (
    <section className="impact" aria-label={t('impact.title')}>
      <Loaded query={query} skeleton={<Skeleton lines={1} />}>
        {({ loses, complete }) => (
          <p>
            {t(complete ? 'device.taken' : 'device.takenMore', { n: loses.length })}{' '}
            <Link href={`/policies?view=blast&${asked}`}>{t('device.takenSee')}</Link>
          </p>
        )}
      </Loaded>
    </section>
  );
}

function Contain({ view: { device } }: { view: DeviceView }) {
  const { t } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  if (!may('contain-device')) return <span className="hint">{t('common.noPermission')}</span>;
  const act = device.quarantined ? 'device.release' : 'device.quarantine';
  return (
    <>
      <button
        type="button"
        className={device.quarantined ? 'button' : 'button danger'}
        onClick={() => setAsking(true)}
      >
        {device.quarantined ? <ShieldCheck aria-hidden="true" /> : <ShieldBan aria-hidden="true" />}
        {t(act)}
      </button>
      {asking ? (
        <ConfirmDialog
          title={`${t(act)}: ${device.id}`}
          explanation={t(device.quarantined ? 'device.releaseExplain' : 'device.quarantineExplain')}
          confirm={t(act)}
          tone={device.quarantined ? 'plain' : 'danger'}
          close={() => setAsking(false)}
          act={async (form) => {
            const body = { quarantined: !device.quarantined, reason: fieldText(form, 'reason') };
            client.setQueryData(
              ['device', device.id],
              await post<DeviceView>(paths.containment(device.id), body),
            );
            await client.invalidateQueries({ queryKey: ['devices'] });
          }}
        >
          {device.quarantined ? null : <Taken device={device.id} />}
          <CommentField name="reason" label={t('common.reason')} required max={1000} />
        </ConfirmDialog>
      ) : null}
    </>
  );
}
