import { recordKind } from '@kydai/contracts';
import { z } from 'zod';

/** A device that is expected to come with a manufacturer's certificate (IDevID, IEEE 802.1AR). */
export const Manufactured = z
  .strictObject({
    /** `<manufacturer>:<hardware serial number>`. */
    id: z.string(),
    manufacturer: z.string(),
    hardwareSerial: z.string(),
    /** The id under which the city knows it. */
    device: z.string(),
    by: z.string(),
    at: z.number(),
  })
  .readonly();
export type Manufactured = z.infer<typeof Manufactured>;

export const manufacturedDevices = recordKind<Manufactured>({
  name: 'manufactured_devices',
  schema: Manufactured,
  key: (value) => value.id,
  indexes: { device: (value) => value.device },
});
