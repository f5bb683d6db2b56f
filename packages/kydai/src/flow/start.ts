// One file because the whole program is wired here, top to bottom in the order of the flow.

import { rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { consoleFolder } from '@kydai/console/folder';
import type { Clock } from '@kydai/contracts';
import { createAuthZenHandler, createSearch, lasting } from '@kydai/policy';
import type { Logger } from 'pino';
import { backupTimes, readBackups } from '../backup/state.ts';
import { readContent, readPolicies } from '../boot/content.ts';
import { keyPassphrase, openDataFolder } from '../boot/data-folder.ts';
import { openDeviceMqtt } from '../collect/device-mqtt/open.ts';
import { isLoopback } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { openEnforcement } from '../enforce/open.ts';
import { createApi } from '../http/api.ts';
import { listenHttp } from '../http/listen.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { openNotification } from '../notify/open.ts';
import { openBundleDesk } from '../policies/bundle-desk.ts';
import { bundleSource } from '../policies/bundle-source.ts';
import { orPlaced } from '../policies/candidate.ts';
import { keepDecisions } from '../policies/decision-events.ts';
import { openDeclaredEntities } from '../policies/declared.ts';
import { openPolicyDesk } from '../policies/desk.ts';
import { cityMoments } from '../policies/moment.ts';
import { keepPolling } from '../policies/poll.ts';
import { openReportedFacts } from '../policies/reported-facts.ts';
import { policySource } from '../policies/source.ts';
import { watchSuspicion } from '../policies/suspicion.ts';
import { openRuleDesk } from '../rules/desk.ts';
import { fieldMapsOf, mappingFiles } from '../rules/mappings.ts';
import { openRuleSettings } from '../rules/settings.ts';
import { openSboms } from '../sbom/register.ts';
import { createApiTokens } from '../sign-in/api-tokens.ts';
import { createCallers, sayWhoSignedIn, sayWhoSignedOut } from '../sign-in/caller.ts';
import { createSignInLinks } from '../sign-in/links.ts';
import { newSecret } from '../sign-in/secrets.ts';
import { createSessions } from '../sign-in/sessions.ts';
import { openEventKeeper } from '../store/keeper.ts';
import { createMigration } from '../store/migrate.ts';
import { type Addresses, reachable, serverNames } from './addresses.ts';
import { openBlockList } from './block-list.ts';
import { keepFresh, openCertification } from './certify.ts';
import { openCollection } from './collect.ts';
import { createContain } from './contain.ts';
import { createCorroboration } from './corroborate.ts';
import { openDecisionPoint } from './decide.ts';
import { openDetection } from './detect.ts';
import { bareEntities, feedFacts } from './facts.ts';
import { openKeepers } from './keep.ts';
import type { Kydai } from './kydai.ts';
import { measurePipelineLatency } from './pipeline-latency.ts';
import { openResponse } from './respond.ts';
import { keepRetention } from './retain.ts';
import { createSignals } from './signals.ts';

export interface Running {
  readonly kydai: Kydai;
  readonly addresses: Addresses;
  /** True when this start made the data folder. */
  readonly firstStart: boolean;
  readonly counts: { readonly policies: number; readonly rules: number; readonly playbooks: number };
  /** Secret of a one-time sign-in link. */
  signInLink(): Promise<string>;
  /** Stops in the order of the flow: what was taken is kept, detected and answered before the stores close. */
  stop(): Promise<void>;
}

/**
 * Starts the program: opens the stores, wires the parts in the order of the flow, and listens.
 *
 * @throws KydaiError of the part that refused; what was opened before it is closed again.
 */
export async function startKydai(options: {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly clock?: Clock;
}): Promise<Running> {
  const { config, environment, log } = options;
  const clock = options.clock ?? { now: Date.now };
  /** What must be undone, newest first. */
  const closing: (() => Promise<unknown> | unknown)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        log.error({ err: error }, 'stopping a part failed');
      }
    }
  };
  const closeLast = <T>(close: () => Promise<T> | T) => void closing.push(close);

  try {
    const content = readContent(config.content);
    const folder = openDataFolder(config.data, false, config.records.store === 'postgres');
    closeLast(() => folder.release());
    const signals = createSignals((error) => log.error({ err: error }, 'a listener failed'));

    // Kept: records, audit log, keys, events.
    const keepers = await openKeepers({
      folder,
      passphrase: keyPassphrase(folder, environment),
      keySettings: config.pki.keys,
      recordSettings: config.records,
      clock,
      log,
    });
    const { records, audit, keys } = keepers;
    closeLast(() => keepers.close());
    const eventKeeper = await openEventKeeper({ config: config.events, folder: folder.events, clock, log });
    closeLast(() => eventKeeper.close());
    const events = eventKeeper.store;
    const migration = createMigration({ keeper: eventKeeper, folder: folder.events });
    closeLast(() => migration.stop());

    // Tell: whoever enforces decisions hears what flips them.
    const tls = config.http.tls === 'on' || (config.http.tls === 'auto' && !isLoopback(config.http.host));
    const scheme = tls ? 'https' : 'http';
    let addresses: Addresses | undefined;
    const apiAddress = () =>
      addresses?.http ??
      (config.http.url || `${scheme}://${reachable(config.http.host)}:${config.http.port}`);
    const notification = await openNotification({ records, keys, clock, log, issuer: apiAddress });
    closeLast(() => notification.close());
    const { changes } = notification;

    // Decide: one engine, fed with facts.
    const bundles = config.policyBundle.source
      ? bundleSource({ config: config.policyBundle, records, clock, log })
      : undefined;
    const source = policySource(config, bundles);
    const {
      policySet,
      entities: files,
      ...read
    } = await source().catch((error: unknown) =>
      orPlaced(() => {
        throw error;
      }),
    );
    const moment = cityMoments(config.timeZone, clock);
    const decisions = openDecisionPoint(policySet, clock, signals, moment);
    closeLast(() => decisions.stop());
    const { entities, composition, decide, engine, log: decisionLog } = decisions;
    const inForce = () => engine.policySet;
    const blockList = await openBlockList(records, clock, entities, ownAddresses(config), changes.publish);
    const declared = await openDeclaredEntities({
      records,
      clock,
      composition,
      policySet: inForce,
      onChange: changes.publish,
      log,
    });
    const reported = await openReportedFacts({
      records,
      clock,
      entities,
      composition,
      policySet: inForce,
      onChange: changes.publish,
    });
    const facts = await feedFacts({
      entities,
      composition,
      records,
      signals,
      clock,
      onChange: changes.publish,
    });
    closeLast(() => facts.stop());
    orPlaced(() => declared.useFiles(files));
    decisions.onExpired(reported.expired);
    decisions.onExpired(facts.expired);
    const missed = await notification.catchUp({
      entities: { all: (type) => bareEntities(entities, type) },
      blocked: await blockList.list(),
      isBlocked: (kind, id) => (kind === 'build' ? blockList.hasBuild(id) : blockList.has(id)),
      policySet: policySet.digest,
    });
    if (missed > 0 && !folder.created)
      log.info({ changes: missed }, 'told of what changed since anybody was told last');

    // Certify: who is it?
    const certification = await openCertification({
      config,
      records,
      keys,
      clock,
      decide: decisionLog.decideFor('enrolment'),
      signals,
      blockList,
      log,
    });
    closeLast(() => certification.close());
    const { authority } = certification;

    // Respond: triage, playbooks, containment.
    const sessions = createSessions(records, clock, changes, (people) =>
      sayWhoSignedOut(composition, people, clock.now()),
    );
    for (const person of await sessions.live()) sayWhoSignedIn(composition, person);
    const { isRegistered } = facts;
    closeLast(watchSuspicion({ signals, reported, sessions, isRegistered, clock, log }));
    closeLast(() => sessions.close());
    const contain = createContain({
      records,
      signals,
      clock,
      decide,
      sessions,
      blockList,
      devices: certification.reach,
    });
    const response = openResponse({
      content,
      records,
      clock,
      signals,
      decide: decisionLog.decideFor('response'),
      contain,
      isOperationalTechnology: facts.isOperationalTechnology,
      isRegistered: facts.isRegistered,
      isDrillDevice: facts.isDrillDevice,
      unattendedPerHour: config.response.unattendedPerHour,
      approvedPerMinute: config.response.approvedPerMinute,
      corroborated:
        config.response.corroboration === 'required' ? createCorroboration({ events, records }) : undefined,
      log,
    });
    closeLast(() => response.close());

    // Detect: what a kill left unjudged first, before anything new comes.
    const ruleSettings = await openRuleSettings(records, clock, config.detection.throttle);
    const zone = config.timeZone;
    const fieldMaps = fieldMapsOf(content.mappings, mappingFiles(config.detection.mappings));
    const detection = openDetection({
      content,
      folder: folder.path,
      settings: ruleSettings,
      fieldMaps,
      zone,
      events,
      clock,
      log,
      known: ({ type, id }) => type === 'device' && facts.isRegistered(id),
      onDetection: response.take,
    });
    closeLast(() => detection.close());
    await response.executor.resume();
    const late = await detection.recover();
    if (late > 0) log.info({ events: late }, 'judged events that came before the last stop');

    // Collect.
    const operatorKey = newSecret('kdo');
    const apiTokens = createApiTokens(records, clock);
    const callers = createCallers({ sessions, apiTokens, operatorKey, composition });
    const collection = await openCollection({
      config,
      content,
      records,
      audit,
      authority,
      signals,
      events,
      clock,
      log,
      callers,
      decide: decisionLog.decideFor('collect'),
      blockList,
      onEvents: (batch) => {
        certification.seen(batch);
        detection.take(batch);
      },
    });
    closeLast(() => collection.close());
    const { intake } = collection;
    const retention = keepRetention({ events, records, clock, log, ...config.retention });
    closeLast(() => retention.stop());
    const decisionEvents = keepDecisions({
      intake,
      keepAllowed: config.decisions.keepAllowed,
    });
    closeLast(() => decisionEvents.close());
    decisionLog.keepWith(decisionEvents.take);
    const publish = decisionLog.decideFor('publish');
    await certification.listen(intake, publish);
    const deviceMqtt = await openDeviceMqtt({
      config,
      authority,
      records,
      signals,
      clock,
      intake,
      decide: publish,
      judge: decide,
      blocked: blockList.has,
    });
    closeLast(() => deviceMqtt.close());

    // Show.
    const certificate = tls ? await authority.serverCertificate({ names: serverNames(config) }) : undefined;
    const policies = openPolicyDesk({
      engine,
      entities,
      declared,
      complete: decisions.complete,
      source,
      first: { digest: policySet.digest, policies: policySet.policies.length, ...read },
      records,
      events,
      changes,
      clock,
    });
    const asked = decisionLog.inTwoSteps('authzen');
    const setRisk = (id: string, risk: number) => authority.devices.update(id, { risk }, 'system');
    const setFirmware = (id: string, value: number, at: number) => {
      const days = config.facts.firmwareDays;
      const until = days === 0 ? lasting : at + days * 86_400_000;
      const fact = { type: 'Device', id, name: 'firmware', value, source: 'sbom', at, until };
      return reported.learn(fact, 'system');
    };
    const { advisoriesFile } = folder;
    const sboms = openSboms({
      records,
      clock,
      decide: decisionLog.decideFor('release'),
      advisoriesFile,
      intake,
      log,
      setRisk,
      setFirmware,
    });
    closeLast(() => sboms.close());
    const kydai: Kydai = {
      config, clock, log, signals, records, audit, events, eventKeeper, migration, intake, authority, decide, contain, blockList, sessions,
      apiTokens, callers, tls,
      auditKeyPem: keepers.auditKeyPem,
      executor: response.executor,
      watch: collection.watch,
      rules: openRuleDesk({ content, data: folder.path, detection, settings: ruleSettings, records, signals, events, clock, zone }),
      obligations: response.obligations,
      decisionLog,
      policies,
      bundles: openBundleDesk({ records, keys, clock, content: () => readPolicies(config.content) }),
      bundleSource: bundles,
      entities,
      reported,
      declared,
      changes,
      transmitter: notification.transmitter,
      enforcement: openEnforcement({ config, authority, callers, decisionLog, engine }),
      sboms,
      links: createSignInLinks(records, clock),
      authZen: createAuthZenHandler({
        decide: asked.decide,
        onDecision: ({ request, decision, requestId }) => asked.made(request, decision, requestId),
        entities,
        search: createSearch(engine, entities, decisions.complete),
        mapping: config.authzen,
        detail: config.authzen.detail,
        ...(config.http.url === '' ? {} : { baseUrl: config.http.url }),
        clock,
        annotations: (id) => engine.annotations(id),
      }),
      metrics: createMetrics({ records, signals, clock, ledgers: () => intake.ledgers(), backups: () => backupTimes(readBackups(config.data)), losses: detection.losses, pki: () => authority.health() }),
      pipelineLatency: measurePipelineLatency(signals),
      addresses: () => addresses!,
      hostNames: () => hostNames(config),
    }; // biome-ignore format: the plain names in few lines
    const api = await listenHttp({
      host: config.http.host,
      port: config.http.port,
      setting: 'http.port',
      fetch: createApi(kydai, consoleFolder),
      blocked: blockList.has,
      ...(certificate === undefined
        ? {}
        : { tls: { key: certificate.keyPem, cert: certificate.chainPem, clientCertificates: false } }),
    });
    closeLast(() => api.close());
    if (tls) closeLast(keepFresh(authority, serverNames(config), api));
    addresses = {
      http: config.http.url || `${scheme}://${reachable(config.http.host)}:${api.port}`,
      ...certification.addresses(),
      ...collection.addresses(),
      deviceMqtt: deviceMqtt.address,
    };
    if (bundles !== undefined && config.policyBundle.seconds > 0) {
      const everyMs = config.policyBundle.seconds * 1000;
      closeLast(keepPolling({ source: bundles, reload: () => policies.reload('system'), everyMs, log }));
    }
    const operator = { key: operatorKey, pid: process.pid, addresses, rootPem: authority.root.pem };
    writeFileSync(folder.operatorFile, JSON.stringify(operator), { mode: 0o600 });
    closeLast(() => rmSync(folder.operatorFile, { force: true }));

    await records.commit(
      [],
      [
        {
          at: clock.now(),
          actor: 'system',
          action: 'program.start',
          target: `host:${hostname()}`,
          detail: {},
        },
      ],
    );
    return {
      kydai,
      addresses,
      firstStart: folder.created,
      counts: {
        policies: decisions.engine.policySet.policies.length,
        rules: detection.inForce.rules.size,
        playbooks: response.playbooks.length,
      },
      signInLink: () => kydai.links.create(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What no response blocks: where our listeners are, and what the configuration spares. */
function ownAddresses(config: Config): readonly string[] {
  const { http, devices, status, collect, syslog, response } = config;
  return [...response.neverBlock, ...[http, devices, status, collect, syslog].map(({ host }) => host)].filter(
    (each) => !['0.0.0.0', '::'].includes(each),
  );
}

function hostNames(config: Config): ReadonlySet<string> {
  const own = config.http.url === '' ? [] : [new URL(config.http.url).hostname];
  return new Set([...serverNames(config), config.http.host, 'localhost', '127.0.0.1', '[::1]', ...own]);
}
