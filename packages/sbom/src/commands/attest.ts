import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { CedarUid, Clock, Decide } from '@kydai/contracts';
import { openEnvelope, type Signer, signEnvelope, type Trust } from '../attest/dsse.ts';
import { predicates, Statement, statementsOf, VerdictPredicate } from '../attest/statement.ts';
import { SbomError } from '../error.ts';
import { readBounded } from '../extract/walk.ts';
import { reasonOf } from '../report/policy.ts';
import { clean } from '../report/text.ts';
import { evaluateSubject, type GateCommand } from './gate.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';
import { writeWhole } from './output.ts';

export interface AttestCommand extends Omit<GateCommand, 'format' | 'output'> {
  /** The file that is to be deployed; its digest is what the attestations are about. */
  readonly artifact: string;
  readonly signer: Signer;
  /** File for the envelopes, one a line. */
  readonly output: string;
}

/**
 * `kydai sbom attest`: runs the gate and signs the SBOM, the scan and the verdict. The exit code is the gate's, so that
 * a verdict that failed is on record and still stops the pipeline; where it could not check, no verdict is signed.
 */
export function runAttest(options: AttestCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    const subject = {
      name: basename(options.artifact),
      digest: { sha256: await digestOf(options.artifact) },
    };
    const { result, bom } = await evaluateSubject(options);
    const statements = statementsOf(subject, bom, result, options.clock.now());
    const envelopes = statements.map((each) => signEnvelope(JSON.stringify(each), options.signer));
    writeWhole(options.output, envelopes.map((each) => `${JSON.stringify(each)}\n`).join(''));
    io.err(
      `${result.verdict}: ${statements.length} attestations about ${clean(subject.name)}, ${options.output}\n`,
    );
    for (const reason of result.unchecked) io.err(`  ${clean(reason)}\n`);
    return result.verdict === 'pass' ? 0 : result.verdict === 'fail' ? 1 : 2;
  });
}

export interface VerifyCommand {
  /** File of envelopes, one a line. */
  readonly attestations: string;
  readonly artifact: string;
  readonly trust: Trust;
  /** Names of signers that are believed; anyone whose path is trusted, where none is told. */
  readonly signers?: readonly string[];
  /** The build that the verdict must be about; any, where none is told. */
  readonly build?: string;
  readonly decide: Decide;
  readonly principal: CedarUid;
  readonly clock: Clock;
}

const day = 86_400_000;

/**
 * `kydai sbom verify`: exit code 0 where a trusted signer attests a verdict about this very artefact that passed, and
 * the release policies of today still permit it; 1 where they or the verdict do not; 2 for anything else. A deploy hook
 * refuses on every code but 0.
 */
export function runVerify(options: VerifyCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    const digest = await digestOf(options.artifact);
    const lines = readBounded(options.attestations, 512 * 1024 * 1024)
      .toString('utf8')
      .split('\n');
    let newest: { readonly verdict: VerdictPredicate; readonly signer: string } | undefined;
    for (const line of lines.filter((each) => each.trim() !== '')) {
      const { payload, signers } = openEnvelope(parsed(line), options.trust);
      const statement = Statement.safeParse(parsed(payload));
      if (!statement.success)
        throw new SbomError('attestation', 'the attestation holds no in-toto statement');
      const { subject, predicateType, predicate } = statement.data;
      if (!subject.some((each) => each.digest.sha256 === digest))
        throw new SbomError('attestation', `the attestation is not about \`${options.artifact}\``);
      const believed = signers.find((name) => options.signers?.includes(name) ?? true);
      if (believed === undefined)
        throw new SbomError(
          'attestation',
          `\`${clean(signers.join(', '))}\` may not sign for this deployment`,
        );
      if (predicateType !== predicates.verdict) continue;
      const verdict = VerdictPredicate.safeParse(predicate);
      if (!verdict.success)
        throw new SbomError('attestation', 'the attestation holds no verdict of this gate');
      const isNewer = newest === undefined || verdict.data.timeVerified > newest.verdict.timeVerified;
      if (isNewer) newest = { verdict: verdict.data, signer: believed };
    }
    if (newest === undefined) throw new SbomError('attestation', 'no verdict is attested');
    return decideAgain(newest.verdict, newest.signer, options, io);
  });
}

function decideAgain(
  verdict: VerdictPredicate,
  signer: string,
  options: VerifyCommand,
  io: CommandIo,
): ExitCode {
  const { build, context, database } = verdict.kydai;
  const now = options.clock.now();
  if (options.build !== undefined && options.build !== build)
    throw new SbomError('attestation', `the verdict is about the build \`${clean(build)}\``);
  if (Date.parse(verdict.timeVerified) > now + day)
    throw new SbomError('attestation', 'the verdict is from the future; check the clock');
  const about = `${clean(build)}: ${verdict.verificationResult}, ${verdict.timeVerified}, signed by ${clean(signer)}`;
  if (verdict.verificationResult !== 'PASSED') {
    io.out(`refused  ${about}\n`);
    return 1;
  }
  // The facts are as they were signed; the policies and the age of the data are today's.
  const decision = options.decide({
    principal: options.principal,
    action: 'ship',
    resource: { type: 'Build', id: build },
    context: { ...context, databaseAgeDays: Math.max(0, Math.floor((now - database.imported) / day)) },
  });
  io.out(`${decision.allowed ? 'verified' : 'refused '} ${about}\n`);
  for (const policy of decision.allowed ? [] : decision.determining) {
    const reason = reasonOf(policy);
    io.out(`  policy ${clean(policy.id)}${reason ? `: ${clean(reason)}` : ''}\n`);
  }
  return decision.allowed ? 0 : 1;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SbomError('attestation', 'the attestation is not json', { cause: error });
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw new SbomError('not-found', `\`${path}\` cannot be read; name the file that is to be deployed`, {
      cause: error,
    });
  }
  return hash.digest('hex');
}
