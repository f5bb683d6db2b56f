import type { PoliciesView, PolicyFilesView } from '@kydai/contracts';

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
