import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { BlockList, isIPv6, Socket as Pipe } from 'node:net';
import { setPriority } from 'node:os';
import {
  type FromReader,
  type Loss,
  type LossKind,
  pipes,
  type ReaderSettings,
  sharedSlot,
  type ToReader,
} from './messages.ts';
import { DatagramRing } from './ring.ts';
import { isUrgent } from './urgent.ts';

/**
 * The process that reads datagrams and does nothing else: it empties the kernel's buffer, which knows no priority, into
 * two rings, and hands them on by two pipes. When a ring is full, it loses and counts what comes.
 */

interface Sender {
  readonly slot: number;
  readonly address: string;
  readonly urgent: boolean;
  /** Which pipes know the address of the slot. */
  readonly named: { urgent: boolean; bulk: boolean };
  drop: 'blocked' | 'unknown' | undefined;
  losses: Map<LossKind, { frames: number; bytes: number }> | undefined;
}

/** A turn of the event loop that reads fewer has left nothing in the kernel (libuv reads 8 and more at once). */
const few = 5;
const batchBytes = 256 * 1024;

/** Gives a ring to a pipe, one batch at a time. */
class Outlet {
  readonly ring: DatagramRing;
  readonly #pipe: Pipe;
  #writing = false;
  #ending = false;

  constructor(ring: DatagramRing, fd: number) {
    this.ring = ring;
    this.#pipe = new Pipe({ fd, readable: false, writable: true });
    // Whoever read it is gone, and the end of the channel will say so.
    this.#pipe.on('error', () => {});
  }

  flush(): void {
    if (this.#writing) return;
    const records = this.ring.oldest(batchBytes);
    if (records.length === 0) {
      if (this.#ending) this.#pipe.end();
      return;
    }
    this.#writing = true;
    this.#pipe.write(records, () => {
      this.#writing = false;
      this.ring.release(records);
      this.flush();
    });
  }

  /** Resolves when all of it is in the pipe. */
  async end(): Promise<void> {
    this.#ending = true;
    this.flush();
    if (!this.#pipe.writableFinished) await once(this.#pipe, 'close');
  }
}

interface Reading {
  listen(): Promise<void>;
  drop(address: string, as: Sender['drop']): void;
  /** Tells what was lost since it was told last. */
  tell(): void;
  close(): Promise<void>;
}

function read(settings: ReaderSettings): Reading {
  const { host, bufferBytes, ringBytes } = settings;
  const slots = settings.senders + 1;
  const urgentOutlet = new Outlet(new DatagramRing(ringBytes, slots), pipes.urgent);
  const bulkOutlet = new Outlet(new DatagramRing(ringBytes, slots), pipes.bulk);
  const programs: ReadonlySet<string> = new Set(settings.urgentPrograms);
  const urgentSenders = networks(settings.urgentSenders);
  const senders = new Map<string, Sender>();
  const others: Sender = meet('', sharedSlot);
  const lossy = new Set<Sender>();
  const sockets: Socket[] = [];
  /** Nobody ever wakes those who wait for it. */
  const never = new Int32Array(new SharedArrayBuffer(4));
  let came = 0;
  let flushed = 0;

  function meet(address: string, slot: number): Sender {
    return {
      slot,
      address,
      urgent: isUrgentSender(address),
      named: { urgent: false, bulk: false },
      drop: undefined,
      losses: undefined,
    };
  }

  function isUrgentSender(address: string): boolean {
    // Without the zone of a link-local address, which is no part of a network.
    const [plain = ''] = address.split('%', 1);
    return plain !== '' && urgentSenders.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  }

  function senderOf(address: string): Sender {
    const known = senders.get(address);
    if (known) return known;
    if (senders.size + 1 >= slots || address.length > 64) return others;
    const sender = meet(address, senders.size + 1);
    senders.set(address, sender);
    return sender;
  }

  function lose(sender: Sender, kind: LossKind, bytes: number): void {
    sender.losses ??= new Map();
    const losses = sender.losses.get(kind) ?? { frames: 0, bytes: 0 };
    losses.frames++;
    losses.bytes += bytes;
    sender.losses.set(kind, losses);
    lossy.add(sender);
  }

  function receive(message: Buffer, address: string, ownPort: boolean): void {
    const sender = senderOf(address);
    const { slot, named } = sender;
    if (sender.drop !== undefined) {
      lose(sender, sender.drop, message.length);
      return;
    }
    const kind =
      ownPort || (sender === others ? isUrgentSender(address) : sender.urgent) || isUrgent(message, programs)
        ? 'urgent'
        : 'bulk';
    const { ring } = kind === 'urgent' ? urgentOutlet : bulkOutlet;
    const known = slot !== sharedSlot && named[kind];
    if (!ring.write(slot, known ? '' : address, message)) {
      lose(sender, kind, message.length);
      return;
    }
    named[kind] = true;
    // Once for all of a turn of the event loop.
    if (came++ === 0) setImmediate(flush);
  }

  function flush(): void {
    urgentOutlet.flush();
    bulkOutlet.flush();
    // Under load, what comes within a millisecond is read together: a system call for each costs twice the time.
    const now = performance.now();
    if (came < few && now - flushed < 2) Atomics.wait(never, 0, 0, 1);
    came = 0;
    flushed = now;
  }

  async function open(port: number, urgent: boolean): Promise<void> {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: bufferBytes });
    sockets.push(socket);
    socket.on('message', (message, peer) => receive(message, peer.address, urgent));
    socket.bind(port, host);
    await once(socket, 'listening');
    // After binding, an error of one datagram (an ICMP answer, say) must not end the process.
    socket.on('error', () => {});
  }

  function tell(): void {
    if (lossy.size === 0) return;
    const losses: Loss[] = [];
    for (const { address, losses: own } of lossy) {
      for (const [kind, { frames, bytes }] of own ?? []) losses.push({ address, kind, frames, bytes });
    }
    for (const sender of lossy) sender.losses = undefined;
    lossy.clear();
    say({ type: 'lost', losses });
  }

  return {
    async listen() {
      await open(settings.port, false);
      if (settings.urgentPort !== undefined) await open(settings.urgentPort, true);
      const addresses = sockets.map((socket) => socket.address());
      say({ type: 'listening', addresses, bufferBytes: sockets[0]!.getRecvBufferSize() });
    },
    drop(address, as) {
      const sender = senders.get(address);
      if (sender) sender.drop = as;
    },
    tell,
    async close() {
      for (const socket of sockets) socket.close();
      tell();
      await Promise.all([urgentOutlet.end(), bulkOutlet.end()]);
      if (process.connected) process.disconnect();
    },
  };
}

function networks(listed: readonly string[]): BlockList {
  const list = new BlockList();
  for (const one of listed) {
    const [address, bits] = one.split('/') as [string, string?];
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function say(message: FromReader): void {
  if (process.connected) process.send!(message);
}

process.title = 'kydai-udp';
try {
  // Refused to most, who then share the processor like any other.
  setPriority(-10);
} catch {}
// A signal to all of the group is for the program, which then says when to close.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.once('disconnect', () => process.exit());

let reading: Reading | undefined;
process.on('message', (message: ToReader) => {
  if (message.type === 'drop') reading?.drop(message.address, message.as);
  else if (message.type === 'close') {
    clearInterval(telling);
    void reading?.close();
  } else {
    reading = read(message.settings);
    reading.listen().catch((error: unknown) => {
      const { message: text, code = '', port = 0 } = error as NodeJS.ErrnoException & { port?: number };
      say({ type: 'failed', message: text, code, port });
      void reading?.close();
    });
  }
});
const telling = setInterval(() => reading?.tell(), 1000);
