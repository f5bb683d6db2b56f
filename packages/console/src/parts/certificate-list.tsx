import type { Certificate } from '@kydai/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { post } from '../api/client.ts';
import { paths } from '../api/paths.ts';
import { useMay } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';
import { isKey } from '../language/translate.ts';
import { CopyButton } from './copy-button.tsx';
import { CommentField, ConfirmDialog, Dialog, fieldText } from './dialog.tsx';
import { Copyable } from './frame.tsx';
import { Impact } from './impact.tsx';
import { CertificateMark } from './marks.tsx';
import { useNow } from './now.ts';
import { type Order, Table } from './table.tsx';
import { When } from './when.tsx';

const reasons = [
  'keyCompromise',
  'superseded',
  'cessationOfOperation',
  'affiliationChanged',
  'privilegeWithdrawn',
  'certificateHold',
  'cACompromise',
  'unspecified',
] as const;

/** Revoking one of these would cut off everything below it. */
const authorities = new Set(['root', 'issuing-ca']);

/** How a certificate stands at `now`. */
export function certificateStatus(certificate: Certificate, now: number): 'valid' | 'revoked' | 'expired' {
  if (certificate.revoked) return 'revoked';
  return certificate.notAfter <= now ? 'expired' : 'valid';
}

/** The certificate in PEM, lines of 64 (RFC 7468). */
export function toPem(der: string): string {
  const lines = der.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** Certificates with what is left of them, their particulars, and the way to revoke one. */
export function CertificateList({
  certificates,
  withSubject = false,
  order,
}: {
  certificates: readonly Certificate[];
  withSubject?: boolean;
  order?: Order;
}) {
  const { t } = useSettings();
  const now = useNow();
  const [shown, setShown] = useState<Certificate>();
  return (
    <>
      <Table
        caption={t('certificates.title')}
        rows={certificates}
        rowKey={(certificate) => certificate.serial}
        {...(order === undefined ? {} : { order })}
        columns={[
          {
            id: 'subject',
            orders: ['subject', '-subject'],
            head: t(withSubject ? 'certificates.col.subject' : 'certificates.col.serial'),
            kind: 'lead',
            cell: (certificate) => (
              <>
                <button type="button" className="row-link mono strong" onClick={() => setShown(certificate)}>
                  {withSubject ? certificate.subject : `${certificate.serial.slice(0, 16)}…`}
                </button>
                {withSubject ? <span className="under mono">{certificate.serial.slice(0, 16)}…</span> : null}
              </>
            ),
          },
          {
            id: 'status',
            head: t('certificates.col.status'),
            cell: (certificate) => <CertificateMark status={certificateStatus(certificate, now)} />,
          },
          {
            id: 'profile',
            head: t('certificates.col.profile'),
            cell: (certificate) => <Profile name={certificate.profile} />,
          },
          {
            id: 'key',
            head: t('certificates.col.key'),
            kind: 'wide',
            cell: (certificate) => <span className="mono">{certificate.keyType}</span>,
          },
          {
            id: 'issued',
            head: t('certificates.issued'),
            orders: ['-issued', 'issued'],
            cell: (certificate) => <When at={certificate.issued} />,
          },
          {
            id: 'expires',
            orders: ['notAfter', '-notAfter'],
            head: t('certificates.col.expires'),
            kind: 'end',
            cell: (certificate) => <Life certificate={certificate} now={now} />,
          },
        ]}
      />
      {shown ? <Particulars certificate={shown} close={() => setShown(undefined)} /> : null}
    </>
  );
}

/** A profile of our own in words; one that somebody configured by its name. */
function Profile({ name }: { name: string }) {
  const { t } = useSettings();
  const key = `certificates.profile.${name}`;
  return isKey(key) ? t(key as 'certificates.profile.device') : <span className="mono">{name}</span>;
}

function Life({ certificate, now }: { certificate: Certificate; now: number }) {
  const { t, format } = useSettings();
  if (certificate.revoked) {
    return (
      <span title={format.exact(certificate.revoked.at)}>
        {t('certificates.revokedAgo', { time: format.relative(certificate.revoked.at, now) })}
        <span className="under">{t(`reason.${certificate.revoked.reason}`)}</span>
      </span>
    );
  }
  const left = certificate.notAfter - now;
  const share = Math.max(0, Math.min(1, left / (certificate.notAfter - certificate.notBefore)));
  return (
    <span className="life" data-low={share < 1 / 3 || undefined} title={format.exact(certificate.notAfter)}>
      {left > 0
        ? t('certificates.expiresIn', { duration: format.duration(left) })
        : t('certificates.expiredAgo', { time: format.relative(certificate.notAfter, now) })}
      <span className="life-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
    </span>
  );
}

function Particulars({ certificate, close }: { certificate: Certificate; close: () => void }) {
  const { t, format } = useSettings();
  const may = useMay();
  const client = useQueryClient();
  const now = useNow();
  const [revoking, setRevoking] = useState(false);
  const status = certificateStatus(certificate, now);
  if (revoking) {
    return (
      <ConfirmDialog
        title={t('certificates.revokeTitle', { subject: certificate.subject })}
        explanation={t('certificates.revokeExplain')}
        confirm={t('certificates.revoke')}
        tone="danger"
        close={close}
        act={async (form) => {
          const body = { reason: fieldText(form, 'reason'), comment: fieldText(form, 'comment') };
          await post<Certificate>(paths.revoke(certificate.serial), body);
          await Promise.all(
            ['certificates', 'device', 'overview', 'forecast'].map((subject) =>
              client.invalidateQueries({ queryKey: [subject] }),
            ),
          );
        }}
      >
        <Impact serial={certificate.serial} />
        <label className="field">
          <span>{t('common.reason')}</span>
          <select name="reason" required defaultValue="keyCompromise">
            {reasons.map((reason) => (
              <option key={reason} value={reason}>
                {t(`reason.${reason}`)} ({reason})
              </option>
            ))}
          </select>
        </label>
        <CommentField />
      </ConfirmDialog>
    );
  }
  return (
    <Dialog title={certificate.subject} close={close}>
      <dl className="particulars">
        <dt>{t('certificates.col.status')}</dt>
        <dd>
          <CertificateMark status={status} />{' '}
          {certificate.revoked
            ? `${t(`reason.${certificate.revoked.reason}`)} · ${format.exact(certificate.revoked.at)} · ${certificate.revoked.by}`
            : null}
        </dd>
        <dt>{t('certificates.col.serial')}</dt>
        <dd className="mono">
          {certificate.serial} <CopyButton text={certificate.serial} label={t('certificates.col.serial')} />
        </dd>
        <dt>{t('certificates.issuer')}</dt>
        <dd className="mono">{certificate.issuer}</dd>
        <dt>{t('certificates.col.key')}</dt>
        <dd className="mono">{certificate.keyType}</dd>
        <dt>{t('certificates.names')}</dt>
        <dd className="mono">{certificate.names.join(', ') || t('common.none')}</dd>
        <dt>{t('certificates.issued')}</dt>
        <dd className="figures">{format.exact(certificate.issued)}</dd>
        <dt>{t('certificates.col.expires')}</dt>
        <dd className="figures">{format.exact(certificate.notAfter)}</dd>
        <dt>{t('certificates.requester')}</dt>
        <dd className="mono">{certificate.requester}</dd>
        <dt>{t('certificates.fingerprint')}</dt>
        <dd className="mono">
          {certificate.fingerprint}{' '}
          <CopyButton text={certificate.fingerprint} label={t('certificates.fingerprint')} />
        </dd>
      </dl>
      <details>
        <summary>PEM</summary>
        <Copyable text={toPem(certificate.der)} label="PEM" />
      </details>
      <footer className="dialog-foot">
        {certificate.profile === 'device' ? (
          <Link
            className="button"
            href={`/devices/${encodeURIComponent(certificate.subject)}`}
            onClick={close}
          >
            {t('enrol.seeDevice')}
          </Link>
        ) : null}
        {authorities.has(certificate.profile) ? (
          <p className="hint">{t('certificates.ofAuthority')}</p>
        ) : status === 'valid' && may('revoke-certificate') ? (
          <button type="button" className="button danger" onClick={() => setRevoking(true)}>
            {t('certificates.revoke')}
          </button>
        ) : null}
      </footer>
    </Dialog>
  );
}
