import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { Device } from '@kydai/contracts';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody } from './route.ts';

const RiskBody = z.strictObject({
  /** 0 (trusted) to 100. */
  risk: z.number().int().min(0).max(100),
  /** Who found it: `edr`, `scanner-2`. */
  source: z.string().min(1).max(64),
  /** How long it may be believed; after that the device is refused until the next report. */
  minutes: z.number().int().min(1).max(43_200),
});

/** What other programs find out about devices. */
export function riskRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { authority, reported, clock } = kydai;
  app.openapi(
    apiRoute('/api/v1/devices/{id}/risk', guard('report-risk', 'devices'), {
      method: 'post',
      summary: 'Report the risk of a device, with its source and how long it may be believed',
      request: { params: z.object({ id: z.string().max(64) }), ...jsonBody(RiskBody) },
      responses: { 200: json(Device, 'the device after it') },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const { risk, source, minutes } = c.req.valid('json');
      if ((await authority.devices.get(id)) === undefined)
        throw new ShellError('not-found', `no device is called \`${id}\``);
      const at = clock.now();
      const by = c.var.caller.actor;
      const until = at + minutes * 60_000;
      await reported.learn({ type: 'Device', id, name: 'risk', value: risk, source, at, until }, by);
      return c.json(await authority.devices.update(id, { risk }, by), 200);
    },
  );
}
