import { PolicyError } from '@kydai/policy';
import type { Command } from 'commander';
import { type Logger, pino } from 'pino';
import type { Config } from '../config/schema.ts';
import { type Running, startKydai } from '../flow/start.ts';
import { placed } from '../policies/candidate.ts';
import { version } from '../version.ts';
import { type Output, styled } from './output.ts';
import type { CommandContext } from './program.ts';

export function addStartCommand(program: Command, context: CommandContext): void {
  program
    .command('start')
    .description('run the program until Ctrl-C')
    .action(async () => {
      const config = context.config();
      const log = createLog(config);
      const running = await startKydai({ config, environment: process.env, log });
      context.output.write(await welcome(running, context.output));
      const reload = () => void reloadPolicies(running, log);
      process.on('SIGHUP', reload);
      await stopAsked();
      process.off('SIGHUP', reload);
      context.output.write('\nStopping: keeping what was taken...');
      await running.stop();
      context.output.write(' done.\n');
    });
}

/** One line of JSON a message on standard error; secrets never get there. */
function createLog(config: Config): Logger {
  return pino(
    {
      level: config.log.level,
      base: null,
      redact: ['*.secret', '*.token', '*.key', '*.passphrase', '*.authorization'],
    },
    pino.destination(2),
  );
}

/** What an operator expects of SIGHUP: content read again, and nothing changed where it is not fit. */
async function reloadPolicies({ kydai }: Running, log: Logger): Promise<void> {
  try {
    const { digest, before, cases } = await kydai.policies.reload('system');
    log.info({ policySet: digest, before, cases }, 'policies read again');
  } catch (error) {
    const why = error instanceof PolicyError ? placed(error) : String(error);
    log.error({ why }, 'the policies are not fit; those in force stay');
  }
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve();
      });
    }
  });
}

async function welcome(running: Running, output: Output): Promise<string> {
  const { addresses, counts, firstStart, kydai } = running;
  const bold = (text: string) => styled(output, 'bold', text);
  const dim = (text: string) => styled(output, 'dim', text);
  const link = `${addresses.http}/sign-in/link?secret=${await running.signInLink()}`;
  const { root } = kydai.authority;
  const lines = [
    '',
    `${bold('Kỳ Đài')} ${version}  ${dim(firstStart ? 'first start: everything was made new' : 'everything is as it was left')}`,
    '',
    `  ${bold('Console')}     ${addresses.http}`,
    `  ${bold('Sign in')}     ${link}`,
    `              ${dim('once, within 30 minutes; another one: npx kydai sign-in')}`,
    '',
    `  ${bold('Logs')}        syslog ${addresses.syslogUdp} (UDP), ${addresses.syslogTcp} (TCP), ${addresses.syslogTls} (TLS)`,
    `              JSON lines ${addresses.collect}/events`,
    `              Elasticsearch bulk ${addresses.collect}, OTLP ${addresses.collect}/v1/logs`,
    `  ${bold('Devices')}     EST ${addresses.devices}/.well-known/est`,
    ...(addresses.deviceMqtt === '' ? [] : [`              MQTT ${addresses.deviceMqtt}`]),
    `  ${bold('Decisions')}   AuthZEN ${addresses.http}/access/v1/evaluation`,
    `  ${bold('Status')}      CRL, OCSP and CA certificates ${addresses.status}/pki`,
    '',
    `  ${counts.policies} policies, ${counts.rules} rules, ${counts.playbooks} playbooks`,
    `  data in ${kydai.config.data}; root CA ${dim(`sha256 ${root.fingerprint}`)}`,
    '',
  ];
  if (firstStart) {
    lines.push(
      `  Enrol a first device:   ${bold('npx kydai pki token cam-001 --kind camera --zone district-1')}`,
      `  Practise an attack:     ${bold('npm run drill -- stolen-certificate')}`,
      '',
    );
  }
  lines.push(dim('  Ctrl-C stops.'), '');
  return lines.join('\n');
}
