import type { AddressInfo } from 'node:net';

/** What the reader of datagrams did not hand on, by kind. */
export type LossKind = 'urgent' | 'bulk' | 'blocked' | 'unknown';

/** Senders beyond those that are told apart share this slot; each of their datagrams carries its address. */
export const sharedSlot = 0;

/** File descriptors of the reader's pipes. */
export const pipes = { urgent: 3, bulk: 4 } as const;

export interface ReaderSettings {
  readonly host: string;
  readonly port: number;
  /** A port whose datagrams are all urgent. */
  readonly urgentPort: number | undefined;
  /** Asked of the kernel for each socket. */
  readonly bufferBytes: number;
  /** Of each of the two rings. */
  readonly ringBytes: number;
  /** How many senders are told apart. */
  readonly senders: number;
  readonly urgentPrograms: readonly string[];
  /** Addresses and networks (`10.1.0.0/16`) whose datagrams are all urgent. */
  readonly urgentSenders: readonly string[];
}

/** What the reader is told. `drop`: nothing is to be handed on of an address, for which reason, or again for none. */
export type ToReader =
  | { readonly type: 'open'; readonly settings: ReaderSettings }
  | { readonly type: 'drop'; readonly address: string; readonly as: 'blocked' | 'unknown' | undefined }
  | { readonly type: 'close' };

export interface Loss {
  /** As the socket tells it; empty for senders that are not told apart. */
  readonly address: string;
  readonly kind: LossKind;
  readonly frames: number;
  readonly bytes: number;
}

/** What the reader says. */
export type FromReader =
  | { readonly type: 'listening'; readonly addresses: readonly AddressInfo[]; readonly bufferBytes: number }
  | { readonly type: 'failed'; readonly message: string; readonly code: string; readonly port: number }
  | { readonly type: 'lost'; readonly losses: readonly Loss[] };
