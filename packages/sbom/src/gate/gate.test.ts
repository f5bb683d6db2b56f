import type { Finding } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import type { Assessment } from '../match/assess.ts';
import { releaseRules } from '../testing.ts';
import { type GateResult, gate } from './gate.ts';
import { readWaivers, type Waiver } from './waiver.ts';

const now = Date.UTC(2026, 5, 1);
const day = 86_400_000;

function finding(advisory: string, more: Partial<Finding> = {}): Finding {
  return {
    system: 's',
    component: { name: 'p', version: '1.0.0', purl: 'pkg:npm/p@1.0.0' },
    advisory,
    aliases: [],
    summary: '',
    severity: 'medium',
    score: null,
    knownExploited: false,
    malicious: false,
    fixedVersions: [],
    direct: true,
    proof: { record: advisory, range: '>=0', comparator: 'semver', database: 'd' },
    ...more,
  };
}

function assessment(findings: readonly Finding[], more: Partial<Assessment> = {}): Assessment {
  return {
    system: 's',
    findings,
    notAssessed: [],
    components: 10,
    assessed: 10,
    paths: {},
    remedies: {},
    licences: [],
    missingElements: [],
    notRead: [],
    database: {
      digest: 'd',
      imported: now - day,
      advisories: 5,
      newest: '',
      knownExploited: '',
      exploitPrediction: '',
    },
    ...more,
  };
}

function judged(given: Assessment, waivers: readonly Waiver[] = []): GateResult & { asked: number } {
  const { decide, asked } = releaseRules();
  const result = gate({
    assessment: given,
    decide,
    principal: { type: 'User', id: 'u' },
    build: 'b',
    now,
    waivers,
  });
  return { ...result, asked: asked.length };
}

describe('the gate', () => {
  it('passes a build whose findings the policies let through', () => {
    const result = judged(assessment([finding('A'), finding('B', { severity: 'low' })]));
    expect(result).toMatchObject({
      verdict: 'pass',
      blocking: [],
      context: { medium: 1, low: 1, components: 10, databaseAgeDays: 1 },
    });
  });

  it('asks for the action `ship` on the build, as the principal', () => {
    const { decide, asked } = releaseRules();
    gate({
      assessment: assessment([]),
      decide,
      principal: { type: 'Token', id: 't' },
      build: 'portal@1',
      now,
    });
    expect(asked[0]).toMatchObject({
      principal: { type: 'Token', id: 't' },
      action: 'ship',
      resource: { type: 'Build', id: 'portal@1' },
    });
  });

  it('fails, and says which findings alone would stand in the way', () => {
    const result = judged(
      assessment([finding('K', { knownExploited: true }), finding('H', { severity: 'high' }), finding('M')]),
    );
    expect(result.verdict).toBe('fail');
    expect(result.blocking.map((each) => each.advisory)).toEqual(['K', 'H']);
    expect(result.decision?.determining.map((policy) => policy.id)).toEqual([
      'critical-or-high',
      'known-exploited',
    ]);
  });

  it('never passes where nothing was assessed', () => {
    expect(judged(assessment([], { components: 0, assessed: 0 }))).toMatchObject({
      verdict: 'unchecked',
      asked: 0,
    });
    const blind = judged(assessment([], { components: 4, assessed: 0 }));
    expect(blind.verdict).toBe('unchecked');
    expect(blind.unchecked).toEqual(['none of the 4 components could be assessed']);
  });

  it('never passes over a file that should have been read and was not', () => {
    const notRead = [{ path: 'a/package-lock.json', reason: 'cannot be read', failed: true }];
    expect(judged(assessment([], { notRead })).verdict).toBe('unchecked');
    expect(judged(assessment([finding('H', { severity: 'high' })], { notRead })).verdict).toBe('fail');
    expect(judged(assessment([], { notRead: [{ path: 'x', reason: 'no lockfile' }] })).verdict).toBe('pass');
  });

  it('could not check where only the age of the data stands in the way', () => {
    const stale = {
      database: {
        digest: 'd',
        imported: now - 40 * day,
        advisories: 5,
        newest: '',
        knownExploited: '',
        exploitPrediction: '',
      },
    };
    expect(judged(assessment([], stale)).verdict).toBe('unchecked');
    expect(judged(assessment([finding('H', { severity: 'high' })], stale)).verdict).toBe('fail');
  });

  it('could not check with a database from the future', () => {
    const future = {
      database: {
        digest: 'd',
        imported: now + 3 * day,
        advisories: 5,
        newest: '',
        knownExploited: '',
        exploitPrediction: '',
      },
    };
    expect(judged(assessment([], future)).verdict).toBe('unchecked');
  });
});

describe('the facts that the policies see', () => {
  it('tell of fixes, age, chance of exploitation, and how a finding came in', () => {
    const { context } = judged(
      assessment(
        [
          finding('A', { fixedVersions: ['2.0.0'], published: '2026-05-22T00:00:00Z', epss: 0.0304 }),
          finding('B', { direct: false, published: '2020-01-01', epss: 0.001 }),
          finding('C', { published: 'yesterday' }),
        ],
        { licences: ['MIT'], missingElements: ['supplier'] },
      ),
    );
    expect(context).toMatchObject({
      fixable: 1,
      direct: 2,
      transitive: 1,
      epssPermille: 30,
      oldestDays: 2343,
      oldestFixableDays: 10,
      licences: ['MIT'],
      missingElements: ['supplier'],
      zone: '',
    });
  });
});

describe('a waiver', () => {
  const high = finding('GHSA-1', { severity: 'high', aliases: ['CVE-1'] });
  const waiver = (more: Partial<Waiver> = {}): Waiver => ({
    advisory: 'CVE-1',
    component: 'pkg:npm/p@1.0.0',
    owner: 'lan',
    reason: 'not reachable',
    expires: '2026-06-01',
    signers: ['lan', 'minh'],
    knownExploited: false,
    epss: 0,
    ...more,
  });

  it('lets the finding through by any of its names, until the end of its day', () => {
    expect(judged(assessment([high]), [waiver()])).toMatchObject({
      verdict: 'pass',
      context: { high: 0, waived: 1 },
    });
  });

  it('that has ended is not applied, and that is said', () => {
    const result = judged(assessment([high]), [waiver({ expires: '2026-05-31' })]);
    expect(result.verdict).toBe('fail');
    expect(result.expired).toHaveLength(1);
  });

  it('for one version does not hold for the next', () => {
    const pinned = waiver();
    expect(judged(assessment([high]), [pinned]).verdict).toBe('pass');
    const moved = { ...high, component: { ...high.component, version: '1.0.1', purl: 'pkg:npm/p@1.0.1' } };
    const result = judged(assessment([moved]), [pinned]);
    expect(result.verdict).toBe('fail');
    expect(result.unused).toEqual([]);
    expect(result.reopened).toMatchObject([{ waiver: pinned, reason: 'the version is `1.0.1` now' }]);
  });

  it('is reopened when the hole is listed as exploited, unless that was known', () => {
    const exploited = { ...high, severity: 'low', knownExploited: true } as const;
    expect(judged(assessment([exploited]), [waiver()])).toMatchObject({
      verdict: 'fail',
      reopened: [{ reason: 'it is known to be exploited now' }],
    });
    expect(judged(assessment([exploited]), [waiver({ knownExploited: true })]).verdict).toBe('pass');
  });

  it('is reopened when the chance of exploitation jumps', () => {
    const scored = { ...high, epss: 0.25 };
    expect(judged(assessment([scored]), [waiver({ epss: 0.2 })]).verdict).toBe('pass');
    const jumped = judged(assessment([scored]), [waiver({ epss: 0.02 })]);
    expect(jumped).toMatchObject({
      verdict: 'fail',
      reopened: [{ reason: 'its epss rose from 0.02 to 0.25' }],
    });
  });

  it('never holds for a malicious package', () => {
    expect(judged(assessment([{ ...high, malicious: true }]), [waiver()]).verdict).toBe('fail');
  });

  it('for another component or advisory changes nothing', () => {
    expect(judged(assessment([high]), [waiver({ component: 'pkg:npm/q@1.0.0' })]).verdict).toBe('fail');
    expect(judged(assessment([high]), [waiver({ advisory: 'CVE-2' })]).verdict).toBe('fail');
  });

  it('file is read from YAML and JSON', async () => {
    const yaml =
      'waivers:\n- advisory: CVE-1\n  component: pkg:npm/p@1.0.0\n  owner: lan\n  reason: r\n  expires: 2026-06-01\n';
    const { signers: _, ...terms } = waiver({ reason: 'r' });
    const entry = { ...terms, signatures: [] };
    expect(await readWaivers(yaml)).toEqual([entry]);
    expect(await readWaivers(JSON.stringify({ waivers: [entry] }))).toEqual([entry]);
  });

  it.each([
    '',
    'waivers: 1',
    'waivers: [{advisory: x}]',
    '{',
    'waivers:\n- {advisory: a, component: c, owner: "", reason: r, expires: 2026-06-01}',
    'waivers:\n- {advisory: a, component: c, owner: o, reason: r, expires: never}',
    'waivers:\n- {advisory: a, component: "pkg:npm/p", owner: o, reason: r, expires: 2026-06-01}',
    'waivers:\n- {advisory: a, component: "pkg:npm/p@1", owner: o, reason: r, expires: 2026-06-01, signatures: [{signer: a}]}',
    'waivers:\n- {advisory: a, component: "pkg:npm/p@1", owner: o, reason: r, expires: 2026-06-01, signers: [Lan, Minh]}',
    'waivers:\n- {advisory: a, component: "pkg:npm/@a/p", owner: o, reason: r, expires: 2026-06-01}',
  ])('file that is wrong is refused: %s', async (text) => {
    await expect(readWaivers(text)).rejects.toMatchObject({ code: 'invalid-waivers' });
  });
});
