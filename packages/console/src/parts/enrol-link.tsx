import { Plus } from 'lucide-react';
import { Link } from 'wouter';
import { useMay } from '../api/session.tsx';
import { useSettings } from '../language/settings.tsx';

/** The way to a new device, for those who may enrol one; undefined for others. */
export function useEnrolLink() {
  const { t } = useSettings();
  return useMay()('create-enrolment-token') ? (
    <Link className="button primary" href="/enrol">
      <Plus aria-hidden="true" />
      {t('devices.enrol')}
    </Link>
  ) : undefined;
}
