import type { Clock, Decide, RecordStore, Signals } from '@kydai/contracts';
import type { Authority } from '@kydai/pki';
import type { Intake } from '@kydai/siem';
import type { Config } from '../../config/schema.ts';
import { reachable, serverNames } from '../../flow/addresses.ts';
import { listenDeviceMqtt } from './listener.ts';

/** The listener for devices that speak MQTT, where the settings ask for it. Its certificate is renewed while it runs. */
export async function openDeviceMqtt(parts: {
  readonly config: Config;
  readonly authority: Authority;
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly intake: Intake;
  readonly decide: Decide;
  readonly judge: Decide;
  readonly blocked: (address: string) => boolean;
}): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { host, mqtt, mqttPort, mqttPerSecond } = parts.config.devices;
  if (mqtt === 'off') return { address: '', close: async () => {} };
  const certificate = async () => {
    const { keyPem, chainPem } = await parts.authority.serverCertificate({
      names: serverNames(parts.config),
    });
    return { key: keyPem, cert: chainPem };
  };
  const listener = await listenDeviceMqtt({
    ...parts,
    host,
    port: mqttPort,
    tls: await certificate(),
    limits: { perSecond: mqttPerSecond, burst: mqttPerSecond * 4 },
  });
  const timer = setInterval(() => {
    // Tried again in an hour; certificates are renewed long before their end.
    certificate().then(listener.renew, () => {});
  }, 3600_000);
  timer.unref();
  return {
    address: `mqtts://${reachable(host)}:${listener.port}`,
    async close() {
      clearInterval(timer);
      await listener.close();
    },
  };
}
