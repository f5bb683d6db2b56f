import { Plus } from 'lucide-react';
import { Link } from 'wouter';
import { useMay } from '../../api/session.tsx';
import { useSettings } from '../../language/settings.tsx';
import { Page } from '../../parts/frame.tsx';
import { useListing } from '../../parts/listing.ts';
import { Segments } from '../../parts/segments.tsx';
import { Authorities } from './authorities.tsx';
import { Forecast } from './forecast.tsx';
import { Issued } from './issued.tsx';

const views = ['issued', 'forecast', 'authorities'] as const;

/** Every certificate that was ever issued, what is to come, and the authorities that stand behind them. */
export default function Certificates() {
  const { t } = useSettings();
  const may = useMay();
  const listing = useListing();
  const view = views.find((one) => one === listing.of('view')) ?? 'issued';
  const enrol = may('create-enrolment-token') ? (
    <Link className="button primary" href="/enrol">
      <Plus aria-hidden="true" />
      {t('devices.enrol')}
    </Link>
  ) : null;
  return (
    <Page
      title={t('certificates.title')}
      actions={
        <>
          <Segments
            label={t('certificates.view')}
            value={view}
            choose={(value) => listing.filter({ view: value === 'issued' ? '' : value })}
            choices={views.map((one) => [one, t(`certificates.view.${one}`)] as const)}
          />
          {enrol}
        </>
      }
    >
      {view === 'issued' ? <Issued listing={listing} enrol={enrol} /> : null}
      {view === 'forecast' ? <Forecast listing={listing} enrol={enrol} /> : null}
      {view === 'authorities' ? <Authorities /> : null}
    </Page>
  );
}
