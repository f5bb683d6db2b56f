import type { Certificate } from '@kydai/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { post } from '../api/client.ts';
import { paths } from '../api/paths.ts';
import { certificateQuery } from '../api/queries.ts';
import { useMay } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';
import { isKey } from '../language/translate.ts';
import { visible } from '../language/visible.ts';
import { CopyButton } from './copy-button.tsx';
import { CommentField, ConfirmDialog, Dialog, fieldText } from './dialog.tsx';
import { Copyable, Loaded } from './frame.tsx';
import { Impact } from './impact.tsx';
import { CertificateMark } from './marks.tsx';
import { useNow } from './now.ts';
import { Reference } from './reference.tsx';
import { Visible } from './visible.tsx';

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

/** What is certified for others: of authorities, responders and the program itself the server revokes none. */
const ofOthers = new Set(['device', 'quarantine', 'service', 'staff']);

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

/** One certificate by its serial number: from the list that it is in, or asked for where somebody was sent its address. */
export function CertificateDialog({
  serial,
  listed,
  close,
}: {
  serial: string;
  listed: Certificate | undefined;
  close: () => void;
}) {
  const query = useQuery({ ...certificateQuery(serial), enabled: listed === undefined });
  const certificate = listed ?? query.data;
  return certificate === undefined ? (
    <Dialog title={shortSerial(serial)} close={close}>
      <Loaded query={query}>{() => null}</Loaded>
    </Dialog>
  ) : (
    <Particulars certificate={certificate} close={close} />
  );
}

/** Enough of it to tell two apart on one page. */
export function shortSerial(serial: string): string {
  return `${serial.slice(0, 16)}…`;
}

/** A profile of our own in words; one that somebody configured by its name. */
export function Profile({ name }: { name: string }) {
  const { t } = useSettings();
  // Cross-certificates and responders are of one authority each, which their subject says.
  const key = `certificates.profile.${name.replace(/^(cross|ocsp-responder)-.+/, '$1')}`;
  return isKey(key) ? t(key as 'certificates.profile.device') : <span className="mono">{name}</span>;
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
    <Dialog title={visible(certificate.subject)} close={close}>
      <dl className="particulars">
        <dt>{t('certificates.col.status')}</dt>
        <dd>
          <CertificateMark status={status} />
        </dd>
        {certificate.revoked ? (
          <>
            <dt>{t('certificates.status.revoked')}</dt>
            <dd className="figures">
              {format.exact(certificate.revoked.at)} · {t(`reason.${certificate.revoked.reason}`)}
            </dd>
            <dt>{t('certificates.revokedBy')}</dt>
            <dd>
              <Reference text={certificate.revoked.by} />
            </dd>
          </>
        ) : null}
        <dt>{t('certificates.col.serial')}</dt>
        <dd className="mono">
          {certificate.serial} <CopyButton text={certificate.serial} label={t('certificates.col.serial')} />
        </dd>
        <dt>{t('certificates.col.profile')}</dt>
        <dd>
          <Profile name={certificate.profile} />
        </dd>
        <dt>{t('certificates.issuer')}</dt>
        <dd className="mono">{certificate.issuer}</dd>
        <dt>{t('certificates.col.key')}</dt>
        <dd className="mono">{certificate.keyType}</dd>
        <dt>{t('certificates.names')}</dt>
        <dd className="mono">
          <Visible text={certificate.names.join(', ') || t('common.none')} />
        </dd>
        <dt>{t('certificates.issued')}</dt>
        <dd className="figures">{format.exact(certificate.issued)}</dd>
        <dt>{t('certificates.col.expires')}</dt>
        <dd className="figures">{format.exact(certificate.notAfter)}</dd>
        <dt>{t('certificates.requester')}</dt>
        <dd className="mono">
          <Visible text={certificate.requester} />
        </dd>
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
        {status === 'valid' && !ofOthers.has(certificate.profile) ? (
          <p className="hint">
            {t(
              certificate.profile.startsWith('ocsp-responder')
                ? 'certificates.ofProgram'
                : 'certificates.ofAuthority',
            )}
          </p>
        ) : status === 'valid' && certificate.requester === 'system' ? (
          <p className="hint">{t('certificates.ofProgram')}</p>
        ) : status === 'valid' && may('revoke-certificate') ? (
          <button type="button" className="button danger" onClick={() => setRevoking(true)}>
            {t('certificates.revoke')}
          </button>
        ) : null}
      </footer>
    </Dialog>
  );
}
