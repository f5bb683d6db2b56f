import type { Containment, ContainmentProof } from './containment.ts';
import type { AccessRequest, Decision } from './decision.ts';
import type { Detection } from './detection.ts';
import type { Certificate, Device } from './device.ts';
import type { Incident } from './incident.ts';
import type { SourceLedger } from './ledger.ts';
import type { PlaybookRun } from './playbook-run.ts';

/** What one part tells the others and the console, after it became durable. */
export type Signal =
  | { readonly type: 'detection'; readonly detection: Detection }
  | { readonly type: 'incident'; readonly incident: Incident }
  | { readonly type: 'run'; readonly run: PlaybookRun }
  | { readonly type: 'containment'; readonly containment: Containment; readonly proof: ContainmentProof }
  | { readonly type: 'device'; readonly device: Device }
  | { readonly type: 'certificate'; readonly certificate: Certificate }
  | {
      readonly type: 'decision';
      readonly at: number;
      readonly request: AccessRequest;
      readonly decision: Decision;
    }
  | { readonly type: 'ledger'; readonly ledger: SourceLedger };

export type SignalType = Signal['type'];

/** In-process publish and subscribe. Listeners are called in order, synchronously; one that throws does not stop the rest. */
export interface Signals {
  publish(signal: Signal): void;
  /** Returns the function that ends the subscription. */
  subscribe(listener: (signal: Signal) => void): () => void;
}
