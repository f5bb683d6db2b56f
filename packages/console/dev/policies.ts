import type { BlastView, PoliciesView, PolicyFilesView, ReplayView } from '@kydai/contracts';

const text = `@id("quarantined-device")
@reason("thiết bị đang bị cô lập")
@reason_en("the device is quarantined")
forbid (
  principal is Device,
  action in [Action::"publish", Action::"subscribe"],
  resource
)
when { principal.quarantined.value };`;
const file = 'policies/access/devices.cedar';

/** A set with one policy, and one that was refused. */
export const policies: PoliciesView = {
  digest: '92e184ef9220',
  policies: 1,
  cases: 2,
  since: Date.now() - 3_600_000,
  warnings: [],
  items: [
    {
      id: 'quarantined-device',
      effect: 'forbid',
      file,
      line: 1,
      text,
      annotations: {
        id: 'quarantined-device',
        reason: 'thiết bị đang bị cô lập',
        reason_en: 'the device is quarantined',
      },
      coverage: {
        fired: 2,
        spared: 1,
        conditions: [
          { condition: 'principal is Device', line: 5, held: 3, heldNot: 0 },
          { condition: 'principal.quarantined.value', line: 9, held: 2, heldNot: 1 },
        ],
      },
    },
  ],
  tests: [
    {
      file: 'policies/access/devices.test.json',
      name: 'in quarantine it is silent',
      passed: true,
      expected: 'forbidden',
      got: 'forbidden',
    },
    {
      file: 'policies/access/devices.test.json',
      name: 'a camera publishes',
      passed: true,
      expected: 'permitted',
      got: 'permitted',
    },
  ],
  refused: {
    at: Date.now() - 600_000,
    by: 'user:minh.nguyen',
    message: 'unexpected token `resource`; expected `,`',
    file,
    line: 12,
    column: 27,
  },
};

export const policyFiles: PolicyFilesView = {
  schema: { file: 'policies/schema.cedarschema', text: 'entity Device;\n' },
  policies: [{ file, text }],
};

/** A change of what an address names takes much; what gives something back gives little. */
export function blast(asked: Record<string, unknown>): BlastView {
  const principal = asked['entity'] as { type: string; id: string };
  const gives = JSON.stringify(asked).includes('false');
  const actions = ['publish', 'publish', 'enrol', 'renew', 'view-stream', 'view-stream', 'view-stream'];
  const grants = Array.from({ length: gives ? 3 : 134 }, (_, index) => ({
    principal: index % 7 > 3 ? { type: 'User', id: `can-bo-${index}` } : principal,
    action: actions[index % 7]!,
    resource:
      index % 7 > 3
        ? { type: 'Stream', id: `luong-hinh-${principal.id}` }
        : { type: 'Dataset', id: ['readings', 'video', 'commands'][index % 3]! },
  }));
  return {
    loses: gives ? [] : grants.map((grant) => ({ ...grant, by: ['quarantined-device'] })),
    gains: gives ? grants : [],
    entities: 9,
    complete: true,
  };
}

export const replay: ReplayView = {
  candidate: 'c0ffee42',
  requests: 48_120,
  same: 48_097,
  unreadable: 0,
  drifted: 2,
  gains: [
    {
      principal: { type: 'Device', id: 'cam-dong-ba-03' },
      action: 'publish',
      requests: 23,
      resources: [{ type: 'Dataset', id: 'readings' }],
      policies: ['devices-publish'],
    },
  ],
  loses: [],
  tests: {
    passed: 13,
    failed: 1,
    results: [
      {
        file,
        name: 'a quarantined camera publishes',
        passed: false,
        expected: 'forbidden',
        got: 'permitted',
      },
    ],
  },
};
