/** What the fixture API does when it is asked for a change. */
import type { ServerResponse } from 'node:http';
import { audit, certificates, devices, incidents, minute, runs } from './data.ts';
import { json, publish } from './http.ts';
import { incidentView } from './overview.ts';
import { blast, replay } from './policies.ts';
import { explanation, huntNews, ruleDetail } from './rules.ts';

export async function change(
  response: ServerResponse,
  name: string,
  id = '',
  act = '',
  body: Record<string, string>,
): Promise<void> {
  const now = Date.now();
  if (name === 'incidents') {
    const at = incidents.findIndex((one) => one.id === id);
    const incident = incidents[at]!;
    const states: Record<string, (typeof incident)['state']> = {
      open: 'open',
      restore: 'restored',
      close: 'closed',
      'false-positive': 'false-positive',
    };
    const state = states[body['action'] ?? ''] ?? incident.state;
    incidents[at] = {
      ...incident,
      state,
      timeline: [
        ...incident.timeline,
        {
          at: now,
          kind: state === incident.state ? 'comment' : 'state',
          code: state === incident.state ? 'comment' : 'state',
          values: { state, comment: body['comment'] ?? '' },
          actor: 'user:minh.nguyen',
        },
      ],
    };
    publish({ type: 'incident', incident: incidents[at]! });
    return json(response, incidentView(id));
  }
  if (name === 'runs') {
    const at = runs.findIndex((one) => one.id === id);
    const run = runs[at]!;
    const approved = Boolean(body['approved']);
    runs[at] = {
      ...run,
      state: 'done',
      ended: now,
      steps: run.steps.map((step) =>
        step.id === body['stepId']
          ? {
              ...step,
              state: approved ? 'done' : 'refused',
              ended: now,
              approval: { by: 'user:minh.nguyen', at: now, approved, comment: body['comment'] ?? '' },
            }
          : step.state === 'pending'
            ? { ...step, state: 'done', started: now, ended: now + 200 }
            : step,
      ),
    };
    publish({ type: 'run', run: runs[at]! });
    return json(response, runs[at]);
  }
  if (name === 'devices' && act === 'containment') {
    const device = devices.find((one) => one.id === id)!;
    Object.assign(device, { quarantined: Boolean(body['quarantined']), quarantineReason: body['reason'] });
    publish({ type: 'device', device });
    return json(response, {
      device,
      certificates: certificates.filter((one) => one.subject === id),
      incidents: [],
    });
  }
  if (name === 'rules') return json(response, id === 'explain' ? explanation('') : ruleDetail(id));
  if (name === 'hunts' && id === '') {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.end(
      huntNews()
        .map((news) => `${JSON.stringify(news)}\n`)
        .join(''),
    );
    return;
  }
  if (name === 'certificates') {
    const at = certificates.findIndex((one) => one.serial === id);
    certificates[at] = {
      ...certificates[at]!,
      revoked: { at: now, reason: body['reason'] as 'keyCompromise', by: 'user:minh.nguyen' },
    };
    return json(response, certificates[at]);
  }
  if (name === 'enrolment-tokens') {
    const device = body['deviceId'];
    const commands = `openssl ecparam -name prime256v1 -genkey -noout -out ${device}.key\nopenssl req -new -key ${device}.key -subj "/CN=${device}" -outform DER -out ${device}.csr\ncurl --cacert root.pem -u "${device}:$TOKEN" --data-binary @${device}.csr \\\n  -H 'content-type: application/pkcs10' https://127.0.0.1:8443/.well-known/est/simpleenroll`;
    return json(response, {
      token: 'kde_DEVELOPMENT_ONLY_9fQ2',
      deviceId: device,
      expires: now + Number(body['minutes']) * minute,
      commands,
      recipes: {
        kydai: `kydai device enrol ${device} --server https://127.0.0.1:8443 --ca root.pem`,
        openssl: commands,
        strongswan: `pki --est --url https://localhost:8443 --in ${device}.req --cacert root.pem`,
      },
    });
  }
  if (name === 'policies') return json(response, id === 'blast' ? blast(body) : replay);
  if (name === 'api-tokens') {
    const token = {
      id: 'dev',
      name: body['name'],
      scopes: body['scopes'],
      expires: now + 90 * 24 * 60 * minute,
    };
    return json(response, { ...token, token: 'kda_DEVELOPMENT_ONLY' });
  }
  if (name === 'audit')
    return json(response, {
      intact: true,
      size: audit.length,
      root: audit.at(-1)!.hash,
      checkpoints: 41,
      faults: [],
    });
  return json(response, {});
}
