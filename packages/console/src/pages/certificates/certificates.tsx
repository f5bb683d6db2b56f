import { useSettings } from '../../language/settings.tsx';
import { useEnrolLink } from '../../parts/enrol-link.tsx';
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
  const listing = useListing();
  const view = listing.choice('view', views);
  const enrol = useEnrolLink();
  return (
    <Page
      title={t('certificates.title')}
      actions={
        <>
          <Segments
            label={t('certificates.view')}
            value={view}
            choose={(value) => listing.view(views, value)}
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
