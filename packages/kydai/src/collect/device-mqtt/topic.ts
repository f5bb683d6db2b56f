/** What a device's topic says: `devices/<zone>/<device>/<dataset>`, and below it whatever the device likes. */
export interface DeviceTopic {
  readonly zone: string;
  readonly device: string;
  readonly dataset: string;
}

const mostLength = 512;
const shape = /^devices\/([^/]+)\/([^/]+)\/([a-z0-9-]{1,64})(?:\/[^\0]*)?$/;

/** Reads a topic that a device publishes to; undefined for any other, and for one with a wildcard. */
export function readDeviceTopic(topic: string): DeviceTopic | undefined {
  if (topic.length > mostLength || /[+#\p{Cc}]/u.test(topic)) return undefined;
  const [, zone, device, dataset] = shape.exec(topic) ?? [];
  if (zone === undefined || device === undefined || dataset === undefined) return undefined;
  return { zone, device, dataset };
}
