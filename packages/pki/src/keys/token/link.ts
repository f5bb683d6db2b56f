import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Clock, TokenHealth } from '@kydai/contracts';
import { PkiError } from '../../error.ts';
import type { Act, Fault, Open, Reply, Request } from './messages.ts';

interface Job {
  readonly number: number;
  readonly act: Act;
  readonly resolve: (octets: Uint8Array) => void;
  readonly reject: (error: PkiError) => void;
  /** Ends its waiting. */
  readonly timer: NodeJS.Timeout;
  /** Processes that ended while they worked on it. */
  ended: number;
}

export interface LinkOptions extends Open {
  readonly clock: Clock;
  /** Program of the process; another one only in tests. */
  readonly program?: string;
  /** Milliseconds after which an act that waits or is worked on has failed, and a process that says nothing is ended. */
  readonly patience?: number;
  /** Milliseconds before the second start; doubled with each that fails. */
  readonly pause?: number;
  /** Milliseconds after which a token that is away is not waited for any more. */
  readonly away?: number;
}

/** More than this wait for the token: who comes then is told so at once. */
const mostWaiting = 1000;
const longestPause = 30_000;
/** Who asks after that hears at once that the token is away. */
const awayFor = 5000;

/**
 * The way to the process that holds the token: acts wait in a queue, each is answered or fails with its reason, a process
 * that ends or hangs is replaced after a pause that grows. What a process was working on when it ended is given once to
 * the next one, since a signature that nobody saw harms nobody, and no more, since it may be what ended it.
 */
export class TokenLink {
  readonly #options: LinkOptions;
  readonly #patience: number;
  readonly #queue: Job[] = [];
  readonly #working = new Map<number, Job>();
  #child: ChildProcess | undefined;
  #state: TokenHealth['state'] = 'starting';
  #since: number;
  #fault: string | null = null;
  #crashes = 0;
  /** The process said itself that it cannot go on, and is being ended. */
  #gaveUp = false;
  #failures = 0;
  #numbers = 0;
  #pausing: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#patience = options.patience ?? 20_000;
    this.#since = options.clock.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#tell = { resolve, reject };
    // Who does not ask is not told.
    promise.catch(() => undefined);
    this.#start();
  }

  /** @throws PkiError `key-unavailable`, `wrong-pin`, `key-missing`, `unsupported-algorithm`, `busy` */
  ask(act: Act): Promise<Uint8Array> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const number = ++this.#numbers;
      const timer = setTimeout(() => this.#expire(job), this.#patience);
      const job: Job = { number, act, resolve, reject, timer, ended: 0 };
      this.#queue.push(job);
      this.#send();
    });
  }

  health(): Omit<TokenHealth, 'label'> {
    const waiting = this.#queue.length + this.#working.size;
    return { state: this.#state, since: this.#since, waiting, crashes: this.#crashes, fault: this.#fault };
  }

  /** Number of the process, for operators and tests; undefined between two. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the token was open for the first time; rejects when its PIN is refused or the program stops before. */
  readonly opened: Promise<void>;
  #tell: { readonly resolve: () => void; readonly reject: (error: PkiError) => void };

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pausing);
    const stopping = new PkiError('key-unavailable', 'program is stopping');
    this.#failAll(() => stopping);
    this.#tell.reject(stopping);
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.send({ close: true } satisfies Request, () => undefined);
    const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
    await ended;
    clearTimeout(timer);
  }

  #refusal(): PkiError | undefined {
    if (this.#closed) return new PkiError('key-unavailable', 'program is stopping');
    if (this.#state === 'refused') return this.#refused();
    if (this.#isAway()) return this.#unavailable();
    if (this.#queue.length >= mostWaiting)
      return new PkiError('busy', `${mostWaiting} signatures wait for the token; try again in a moment`);
    return undefined;
  }

  #isAway(): boolean {
    return (
      this.#state === 'unavailable' &&
      this.#options.clock.now() - this.#since > (this.#options.away ?? awayFor)
    );
  }

  #refused(): PkiError {
    return new PkiError(
      'wrong-pin',
      `token \`${this.#options.token}\` refused the PIN, which is not tried again: ${this.#fault ?? ''}`,
    );
  }

  #unavailable(): PkiError {
    const why = this.#fault ?? 'it does not answer';
    return new PkiError('key-unavailable', `token \`${this.#options.token}\` cannot be used: ${why}`);
  }

  /** It waited too long. A process that works on it and says nothing hangs: nothing else would be answered either. */
  #expire(job: Job): void {
    const hangs = this.#working.delete(job.number);
    const place = this.#queue.indexOf(job);
    if (place >= 0) this.#queue.splice(place, 1);
    job.reject(this.#unavailable());
    if (hangs) this.#child?.kill('SIGKILL');
  }

  #start(): void {
    const program = this.#options.program ?? fileURLToPath(import.meta.resolve('./process.ts'));
    const child = fork(program, [], {
      serialization: 'advanced',
      execArgv: [],
      env: environmentFor(this.#options.sessions),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child = child;
    // A module that never comes back from its start is ended like any other that hangs.
    const opening = setTimeout(() => child.kill('SIGKILL'), this.#patience);
    child.on('message', (reply: Reply) => {
      if ('ready' in reply || 'closed' in reply) clearTimeout(opening);
      this.#take(reply, child);
    });
    child.on('error', () => child.kill('SIGKILL'));
    child.once('exit', (code, signal) => {
      clearTimeout(opening);
      this.#ended(child, `its process ended (${signal ?? code})`);
    });
    const { module, token, pin, sessions } = this.#options;
    child.send({ open: { module, token, pin, sessions } } satisfies Request, () => undefined);
  }

  #take(reply: Reply, child: ChildProcess): void {
    if ('ready' in reply) {
      this.#become('ready', null);
      this.#send();
    } else if ('closed' in reply) {
      this.#fault = reply.message;
      if (reply.closed === 'refused') {
        this.#become('refused', reply.message);
        this.#failAll(() => this.#refused());
      }
      this.#gaveUp = true;
      child.kill('SIGKILL');
    } else {
      const job = this.#working.get(reply.number);
      if (job === undefined) return;
      if ('fault' in reply && reply.fault.kind === 'lost') {
        this.#fault = reply.fault.message;
        this.#gaveUp = true;
        child.kill('SIGKILL');
        return;
      }
      this.#working.delete(reply.number);
      clearTimeout(job.timer);
      if ('octets' in reply) {
        this.#failures = 0;
        job.resolve(reply.octets);
      } else {
        job.reject(errorOf(reply.fault));
      }
      this.#send();
    }
  }

  #send(): void {
    if (this.#state !== 'ready') return;
    while (this.#working.size < this.#options.sessions) {
      const [job] = this.#queue;
      if (job === undefined) return;
      // What a process ended with is tried alone, so that nothing else fails with what ended it.
      const suspects = job.ended > 0 || [...this.#working.values()].some(({ ended }) => ended > 0);
      if (suspects && this.#working.size > 0) return;
      this.#queue.shift();
      this.#working.set(job.number, job);
      // From here on it is the process that is waited for.
      job.timer.refresh();
      // A process that is gone is noticed by its end.
      this.#child?.send({ number: job.number, act: job.act } satisfies Request, () => undefined);
    }
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#closed || this.#state === 'refused') return;
    if (!this.#gaveUp) this.#crashes++;
    this.#gaveUp = false;
    this.#become('unavailable', this.#fault ?? how);
    const again: Job[] = [];
    for (const job of this.#working.values()) {
      job.ended++;
      if (job.ended < 2) again.push(job);
      else this.#fail(job, this.#unavailable());
    }
    this.#working.clear();
    this.#queue.unshift(...again);
    if (this.#isAway()) for (const job of this.#queue.splice(0)) this.#fail(job, this.#unavailable());
    const pause = Math.min(longestPause, (this.#options.pause ?? 250) * 2 ** this.#failures);
    this.#failures++;
    this.#pausing = setTimeout(() => this.#start(), pause);
    this.#pausing.unref();
  }

  #become(state: TokenHealth['state'], fault: string | null): void {
    // How long it has been away counts from the first failure, not from the last attempt.
    if (this.#state !== state) this.#since = this.#options.clock.now();
    this.#state = state;
    this.#fault = fault;
    if (state === 'ready') this.#tell.resolve();
    if (state === 'refused') this.#tell.reject(this.#refused());
  }

  #failAll(error: () => PkiError): void {
    for (const job of [...this.#working.values(), ...this.#queue.splice(0)]) this.#fail(job, error());
    this.#working.clear();
  }

  #fail(job: Job, error: PkiError): void {
    clearTimeout(job.timer);
    job.reject(error);
  }
}

function errorOf({ kind, message }: Fault): PkiError {
  if (kind === 'missing') return new PkiError('key-missing', message);
  if (kind === 'unsupported') return new PkiError('unsupported-algorithm', message);
  return new PkiError('key-unavailable', message);
}

/** Nothing of ours that is secret; whatever the module's own configuration needs. */
function environmentFor(sessions: number): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('KYDAI_'));
  return { ...Object.fromEntries(own), UV_THREADPOOL_SIZE: String(Math.max(4, sessions + 1)) };
}
