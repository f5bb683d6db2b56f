import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { SourceAccount } from '../ledger/account.ts';
import { plainAddress } from '../normalise/address.ts';
import { readKernel } from './datagram/kernel.ts';
import { type FromReader, type LossKind, pipes, sharedSlot, type ToReader } from './datagram/messages.ts';
import { RecordSplitter } from './datagram/records.ts';
import { urgentPrograms } from './datagram/urgent.ts';
import { decodeFrame } from './frames.ts';
import type { FrameKind, Intake } from './intake.ts';
import type { SyslogLimits } from './limits.ts';
import type { JudgeSender, SenderVerdict, SyslogCollectorOptions } from './syslog.ts';

export interface DatagramSocket {
  /** Resolves to the address, and that of the port for urgent ones where there is one. */
  listen(port: number): Promise<readonly AddressInfo[]>;
  /** What the kernel gives of the buffer that was asked for, bytes. */
  readonly bufferBytes: number;
  /** Brings what the kernel lost into the accounts. What the reader lost comes by itself, each second. */
  countKernelDrops(): Promise<void>;
  close(): Promise<void>;
}

const reasons: Readonly<Record<LossKind, string>> = {
  urgent: 'queue-full-urgent',
  bulk: 'queue-full',
  blocked: 'address-blocked',
  unknown: 'unknown-sender',
};

/**
 * Syslog over UDP (RFC 5426): one message in one datagram. A process of its own reads them and hands them on by two
 * pipes, the urgent ones by the first; each pipe is read as long as the intake has room. So it is decided there and not
 * in the kernel what is lost first.
 */
export function createDatagramSocket(parts: {
  readonly host: string;
  readonly intake: Intake;
  readonly limits: SyslogLimits;
  readonly judge: JudgeSender;
  readonly urgent: NonNullable<SyslogCollectorOptions['urgent']>;
}): DatagramSocket {
  const { host, intake, limits, judge, urgent } = parts;
  let reader: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let addresses: readonly AddressInfo[] = [];
  let bufferBytes = 0;
  let closing = false;
  /** Nothing waits any more: what finds no room is lost. */
  let stopping = false;
  /** Those who are not heard, as the reader knows them. */
  const unheard = new Map<string, SenderVerdict>();
  const kernelDrops = new Map<number, number>();
  let timer: NodeJS.Timeout | undefined;

  /** False where the intake has no room for it. */
  const give = (address: string, account: SourceAccount, bytes: Buffer, kind: FrameKind): boolean => {
    const size = bytes.length;
    const lose = (reason: string): true => {
      account.lose(reason, size, intake.clock.now());
      return true;
    };
    const verdict = judge(plainAddress(address));
    if (verdict === 'blocked' || verdict === 'unknown-refused') {
      // The reader drops them from now on, so that they cost nothing more here.
      unhear(address, verdict);
      return lose(verdict === 'blocked' ? 'address-blocked' : 'unknown-sender');
    }
    let end = size;
    while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13 || bytes[end - 1] === 0)) end--;
    if (end === 0) return lose('empty-datagram');
    const cut = end > limits.lineBytes;
    const read = decodeFrame(bytes.subarray(0, cut ? limits.lineBytes : end));
    let { fault } = read;
    if (cut) {
      const long = `line is longer than ${limits.lineBytes} bytes and was cut`;
      fault = fault ? `${long}; ${fault}` : long;
    }
    if (!intake.push(account, read.text, size, fault, kind))
      return (stopping || intake.closing) && lose('stopping');
    if (cut) account.note('line-too-long');
    if (verdict === 'unknown') account.note('unknown-sender');
    return true;
  };

  const tellReader = (message: ToReader): void => {
    if (reader?.connected) reader.send(message);
  };

  const unhear = (address: string, verdict: SenderVerdict): void => {
    if (unheard.get(address) === verdict || unheard.size >= intake.limits.sourcesPerTransport) return;
    unheard.set(address, verdict);
    tellReader({ type: 'drop', address, as: verdict === 'blocked' ? 'blocked' : 'unknown' });
  };

  const judgeAgain = (): void => {
    for (const [address, before] of unheard) {
      const verdict = judge(plainAddress(address));
      if (verdict === before) continue;
      unheard.delete(address);
      if (verdict === 'blocked' || verdict === 'unknown-refused') unhear(address, verdict);
      else tellReader({ type: 'drop', address, as: undefined });
    }
  };

  /** Calls that make the pipes go on. */
  const resumes = new Set<() => void>();
  let urgentWaits = false;

  /** Takes from a pipe what the intake has room for. */
  const follow = (pipe: Readable, kind: FrameKind): void => {
    const splitter = new RecordSplitter();
    const senders: { readonly address: string; readonly account: SourceAccount }[] = [];
    const sink = (slot: number, address: string, message: Buffer): boolean => {
      let sender = address === '' ? senders[slot]! : undefined;
      if (sender === undefined) {
        sender = { address, account: intake.account('syslog-udp', plainAddress(address)) };
        if (slot !== sharedSlot) senders[slot] = sender;
      }
      return give(sender.address, sender.account, message, kind);
    };
    const take = (chunk: Buffer): boolean => {
      const taken = splitter.read(chunk, sink);
      if (kind === 'urgent') urgentWaits = !taken;
      return taken;
    };
    const wait = (): void => {
      pipe.pause();
      intake.whenRoom(resume, kind);
    };
    const resume = (): void => {
      if (take(Buffer.alloc(0))) pipe.resume();
      else wait();
    };
    resumes.add(resume);
    pipe.on('data', (chunk: Buffer) => {
      // While urgent ones wait, the others get a piece at a time: little, but never nothing.
      if (!take(chunk) || (kind === 'datagram' && urgentWaits)) wait();
    });
    pipe.once('close', () => resumes.delete(resume));
  };

  const start = async (port: number, urgentPort: number | undefined): Promise<void> => {
    const started = fork(new URL('./datagram/reader.ts', import.meta.url), {
      // A collection of garbage that waits for helping threads, while others want the processor, takes too long for it.
      execArgv: ['--single-threaded', '--disable-warning=ExperimentalWarning'],
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe', 'ipc'],
    });
    reader = started;
    ended = once(started, 'close');
    const settings = {
      host,
      port,
      urgentPort,
      bufferBytes: limits.udpBufferBytes,
      ringBytes: limits.udpRingBytes,
      senders: intake.limits.sourcesPerTransport,
      urgentPrograms: [...urgentPrograms, ...(urgent.programs ?? [])],
      urgentSenders: urgent.senders ?? [],
    };
    tellReader({ type: 'open', settings });
    const [first] = (await Promise.race([once(started, 'message'), endedEarly(started)])) as [FromReader];
    if (first.type === 'failed') {
      const { message, code, port: at } = first;
      for (const pipe of started.stdio) pipe?.destroy();
      throw Object.assign(new Error(message), { code, syscall: 'bind', port: at });
    }
    if (first.type === 'listening') ({ addresses, bufferBytes } = first);
    kernelDrops.clear();
    follow(started.stdio[pipes.urgent] as Readable, 'urgent');
    follow(started.stdio[pipes.bulk] as Readable, 'datagram');
    started.on('message', (message: FromReader) => {
      if (message.type !== 'lost') return;
      for (const { address, kind, frames, bytes } of message.losses) {
        const account = intake.account('syslog-udp', address === '' ? 'other' : plainAddress(address));
        account.lose(reasons[kind], bytes, intake.clock.now(), frames);
      }
    });
    started.once('exit', () => void restart());
  };

  /** The reader was killed. What it held is gone, and nobody knows how much that was. */
  const restart = async (): Promise<void> => {
    if (closing) return;
    intake.account('syslog-udp', 'kernel').note('reader-restarted');
    unheard.clear();
    for (let pause = 100; !closing; pause = Math.min(pause * 2, 5000)) {
      try {
        await start(addresses[0]!.port, addresses[1]?.port);
        return;
      } catch {
        await delay(pause);
      }
    }
  };

  const countKernelDrops = async (): Promise<void> => {
    for (const [index, address] of addresses.entries()) {
      const { drops } = await readKernel(address);
      const more = drops - (kernelDrops.get(address.port) ?? 0);
      if (more <= 0) continue;
      kernelDrops.set(address.port, drops);
      const reason = index === 0 ? 'kernel-buffer' : 'kernel-buffer-urgent';
      intake.account('syslog-udp', 'kernel').lose(reason, 0, intake.clock.now(), more);
    }
  };

  return {
    async listen(port) {
      await start(port, urgent.port);
      timer = setInterval(judgeAgain, 1000).unref();
      return addresses;
    },
    get bufferBytes() {
      return bufferBytes;
    },
    countKernelDrops,
    async close() {
      if (closing) return;
      closing = true;
      clearInterval(timer);
      // What the kernel took for us waits in its buffer, where nobody would count it.
      const end = performance.now() + limits.drainMs;
      while (performance.now() < end) {
        const counts = await Promise.all(addresses.map(readKernel));
        if (counts.every(({ waiting }) => waiting === 0)) break;
        await delay(5);
      }
      await countKernelDrops();
      tellReader({ type: 'close' });
      await Promise.race([ended, delay(limits.drainMs)]);
      stopping = true;
      for (const resume of resumes) resume();
      await ended;
    },
  };
}

async function endedEarly(started: ChildProcess): Promise<never> {
  const [code, signal] = (await once(started, 'exit')) as [number | null, NodeJS.Signals | null];
  throw new Error(`the reader of datagrams ended before it listened (${signal ?? code})`);
}
