import type { PkiHealthView } from '@kydai/contracts';
import { Gauge, type Registry } from 'prom-client';

/** Gauges of the certificate authority's health: ends, freshness, the token. Returns what sets them before each scrape. */
export function addPkiMetrics(registry: Registry, health: () => Promise<PkiHealthView>): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const authorityEnd = gauge('kydai_pki_authority_end_timestamp_seconds', 'When a CA certificate ends', [
    'authority',
  ]);
  const listEnd = gauge('kydai_pki_crl_next_update_timestamp_seconds', 'When the oldest CRL of a CA ends', [
    'authority',
  ]);
  const listMade = gauge(
    'kydai_pki_crl_this_update_timestamp_seconds',
    'When the oldest CRL of a CA was made',
    ['authority'],
  );
  const responderEnd = gauge(
    'kydai_pki_ocsp_responder_end_timestamp_seconds',
    'When an OCSP responder ends',
    ['authority'],
  );
  const answers = gauge('kydai_pki_ocsp_answers', 'OCSP answers that are signed ahead', ['authority']);
  const waiting = gauge('kydai_pki_token_waiting', 'Signatures that wait for the token', ['token']);
  const crashes = gauge(
    'kydai_pki_token_crashes',
    'How often the token’s process ended unasked since the start',
    ['token'],
  );
  const problems = gauge('kydai_pki_problems', 'What a person must see to, by level', ['level']);
  const ready = gauge(
    'kydai_pki_token_ready',
    'Whether the token signs; absent where all keys are in files',
    ['token'],
  );
  const all = [authorityEnd, listEnd, listMade, responderEnd, answers, waiting, crashes, ready];
  return async () => {
    const { token, authorities, problems: found } = await health();
    for (const each of all) each.reset();
    if (token !== null) {
      const label = { token: token.label };
      ready.set(label, token.state === 'ready' ? 1 : 0);
      waiting.set(label, token.waiting);
      crashes.set(label, token.crashes);
    }
    for (const { id: authority, notAfter, lists, responder } of authorities) {
      authorityEnd.set({ authority }, notAfter / 1000);
      if (lists !== null) {
        listEnd.set({ authority }, lists.nextUpdate / 1000);
        listMade.set({ authority }, lists.thisUpdate / 1000);
      }
      if (responder !== null) {
        responderEnd.set({ authority }, responder.notAfter / 1000);
        answers.set({ authority }, responder.answers);
      }
    }
    for (const level of ['critical', 'warning'])
      problems.set({ level }, found.filter((problem) => problem.level === level).length);
  };
}
