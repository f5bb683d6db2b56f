import { existsSync, readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { Problem } from '@kydai/contracts';
import { z } from 'zod';
import { dataPaths } from '../boot/data-folder.ts';
import { ShellError } from '../error.ts';
import type { Addresses } from '../flow/addresses.ts';

const OperatorFile = z.object({
  key: z.string(),
  pid: z.number(),
  rootPem: z.string(),
  addresses: z.object({
    http: z.string(),
    devices: z.string(),
    deviceMqtt: z.string().default(''),
    status: z.string(),
    collect: z.string(),
    syslogUdp: z.string(),
    syslogTcp: z.string(),
    syslogTls: z.string(),
  }),
});

/** The running program, as the command line on the same machine reaches it. */
export interface OperatorClient {
  readonly addresses: Addresses;
  /** Sends JSON and returns the parsed answer. @throws ShellError `api` with the problem's detail. */
  call<T>(method: 'GET' | 'POST' | 'PUT', path: string, schema: z.ZodType<T>, body?: unknown): Promise<T>;
  /**
   * Sends a request whose answer tells how the work goes on, one JSON document a line.
   *
   * @throws ShellError `api` with the problem's detail, or that of a line `failed`
   */
  follow<News extends { readonly type: string }>(
    path: string,
    schema: z.ZodType<News>,
    body: unknown,
    signal?: AbortSignal,
  ): AsyncGenerator<News, void>;
  /** Opens a stream. @throws ShellError `api` */
  open(path: string, signal: AbortSignal): Promise<Response>;
}

function readOperatorFile(file: string): z.infer<typeof OperatorFile> {
  try {
    return OperatorFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new ShellError('not-running', `\`${file}\` is damaged or of another version; start kydai again`, {
      cause: error,
    });
  }
}

/**
 * Opens the way to the program that runs on a data folder: its key lies there, readable by the owner alone.
 *
 * @throws ShellError `not-running`
 */
export function connectOperator(dataFolder: string): OperatorClient {
  const { operatorFile, path } = dataPaths(dataFolder);
  if (!existsSync(operatorFile)) {
    throw new ShellError(
      'not-running',
      `kydai does not run on the data folder \`${path}\`; start it with \`npm start\``,
    );
  }
  const { key, addresses, rootPem } = readOperatorFile(operatorFile);
  if (addresses.http.startsWith('https:'))
    setDefaultCACertificates([...getCACertificates('default'), rootPem]);
  const reach = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(addresses.http + path, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ShellError(
        'not-running',
        `kydai does not answer at ${addresses.http}; is it still running?`,
        {
          cause: error,
        },
      );
    }
  };
  return {
    addresses,
    async open(path, signal) {
      const response = await reach(path, { headers: { authorization: `Bearer ${key}` }, signal });
      if (!response.ok) throw new ShellError('api', `the server answered ${response.status}`);
      return response;
    },
    async *follow(path, schema, body, signal) {
      const response = await reach(path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          accept: 'application/x-ndjson',
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      });
      if (!response.ok) {
        const problem = Problem.safeParse(await response.json().catch(() => undefined));
        throw new ShellError(
          'api',
          problem.success ? inWords(problem.data) : `the server answered ${response.status}`,
        );
      }
      let rest = '';
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + text).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          const news = schema.safeParse(JSON.parse(line));
          if (!news.success)
            throw new ShellError('api', `what answers at ${addresses.http} is not this version of kydai`);
          if (news.data.type === 'failed' && 'detail' in news.data)
            throw new ShellError('api', String(news.data.detail));
          yield news.data;
        }
      }
    },
    async call(method, path, schema, body) {
      const raw = typeof body === 'string';
      const response = await reach(path, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      });
      const value: unknown =
        response.status === 204 ? undefined : await response.json().catch(() => undefined);
      if (!response.ok) {
        const problem = Problem.safeParse(value);
        const words = problem.success ? inWords(problem.data) : `the server answered ${response.status}`;
        throw new ShellError('api', words);
      }
      const answer = schema.safeParse(value);
      if (!answer.success)
        throw new ShellError('api', `what answers at ${addresses.http} is not this version of kydai`);
      return answer.data;
    },
  };
}

/** The detail, with the places of invalid input where there are some. */
function inWords({ detail, errors }: Problem): string {
  const places = (errors ?? []).map(
    ({ path, message }) => `\`${path}\` ${message.replace(/^Invalid input: /, '')}`,
  );
  return places.length === 0 ? detail : places.join('; ');
}
