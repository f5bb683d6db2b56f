import type { Device } from '@kydai/contracts';
import { useSettings } from '../language/settings.tsx';

/** 0 to 100 as a short bar with its figure. */
export function Risk({ value }: { value: number }) {
  const tone = value >= 70 ? 'high' : value >= 30 ? 'medium' : 'low';
  return (
    <span className="risk figures" data-tone={tone}>
      <span className="risk-bar" aria-hidden="true">
        <span style={{ width: `${value}%` }} />
      </span>
      {value}
    </span>
  );
}

/** Whether a device is trusted at this moment. */
export function Trust({ device }: { device: Device }) {
  const { t } = useSettings();
  return (
    <span
      className="mark"
      data-trust={device.quarantined ? 'quarantined' : 'trusted'}
      title={device.quarantineReason}
    >
      {t(device.quarantined ? 'devices.quarantined' : 'devices.trusted')}
    </span>
  );
}

/** Says that a device steers something in the physical world. */
export function OtMark() {
  const { t } = useSettings();
  return (
    <abbr className="ot-mark" title={`${t('devices.ot')}. ${t('devices.otHint')}`}>
      OT
    </abbr>
  );
}
