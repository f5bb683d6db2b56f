import type { Certificate } from '@kydai/contracts';
import { useSettings } from '../language/settings.tsx';
import { CertificateDialog, certificateStatus, Profile, shortSerial } from './certificate.tsx';
import { useListing } from './listing.ts';
import { CertificateMark } from './marks.tsx';
import { useNow } from './now.ts';
import { type Order, Table } from './table.tsx';
import { Visible } from './visible.tsx';
import { When } from './when.tsx';

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
  const listing = useListing();
  const opened = listing.of('certificate');
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
                <button
                  type="button"
                  className="row-link mono strong"
                  onClick={() => listing.open('certificate', certificate.serial)}
                >
                  <Visible text={withSubject ? certificate.subject : shortSerial(certificate.serial)} />
                </button>
                {withSubject ? <span className="under mono">{shortSerial(certificate.serial)}</span> : null}
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
      {opened === '' ? null : (
        <CertificateDialog
          key={opened}
          serial={opened}
          listed={certificates.find(({ serial }) => serial === opened)}
          close={() => listing.open('certificate', '')}
        />
      )}
    </>
  );
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
