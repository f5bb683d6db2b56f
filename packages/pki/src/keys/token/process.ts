/**
 * The process that holds the token: a PKCS#11 module is code of the manufacturer inside our address space, so it gets an
 * address space of its own. It knows nothing but the token, answers over the pipe of its parent and ends with it.
 */
import { type Cryptoki, CryptokiError, loadModule, Returned } from './cryptoki.ts';
import type { Act, Fault, Reply, Request } from './messages.ts';
import { openSessions, PinRefused } from './slot.ts';
import { ActError, type Session } from './token.ts';

let cryptoki: Cryptoki | undefined;
/** Sessions that have nothing to do, and acts that wait for one. */
const idle: Session[] = [];
const waiting: ((session: Session) => void)[] = [];

process.on('message', (request: Request) => {
  if ('open' in request) void open(request.open);
  else if ('close' in request) void close();
  else void answer(request.number, request.act);
});
process.on('disconnect', () => process.exit(0));

async function open(wanted: Parameters<typeof openSessions>[1]): Promise<void> {
  try {
    cryptoki = await loadModule(wanted.module);
    idle.push(...(await openSessions(cryptoki, wanted)));
    send({ ready: true });
  } catch (error) {
    send({ closed: error instanceof PinRefused ? 'refused' : 'lost', message: messageOf(error) });
  }
}

async function answer(number: number, act: Act): Promise<void> {
  const session = idle.pop() ?? (await new Promise<Session>((resolve) => void waiting.push(resolve)));
  try {
    send({ number, octets: await perform(session, act) });
  } catch (error) {
    send({ number, fault: faultOf(error) });
  } finally {
    const next = waiting.shift();
    if (next === undefined) idle.push(session);
    else next(session);
  }
}

async function perform(session: Session, act: Act): Promise<Uint8Array> {
  if (act.act === 'sign') return session.sign(act.key, act.data);
  if (act.act === 'create') return session.create(act.id, act.label, act.type);
  await session.destroy(act.id);
  return new Uint8Array(0);
}

/** Refusals of one act leave the token usable; after anything else a fresh process is the safest way on. */
function faultOf(error: unknown): Fault {
  if (error instanceof ActError) return { kind: error.kind, message: error.message };
  const ofTheAct =
    error instanceof CryptokiError &&
    (error.returned === Returned.mechanismInvalid ||
      error.returned === Returned.mechanismParameterInvalid ||
      (error.returned >= 0x60 && error.returned < 0x70) ||
      (error.returned >= 0xd0 && error.returned <= 0xd1));
  return { kind: ofTheAct ? 'failed' : 'lost', message: messageOf(error) };
}

async function close(): Promise<void> {
  await cryptoki?.call('C_Finalize', null).catch(() => undefined);
  process.exit(0);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : 'unknown fault';
}

function send(reply: Reply): void {
  process.send?.(reply);
}
