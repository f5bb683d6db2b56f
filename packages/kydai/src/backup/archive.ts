import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ShellError } from '../error.ts';
import { Reader } from './cipher.ts';

/** What stands before each file, and at the end of all. */
const Head = z.union([
  z.strictObject({
    path: z
      .string()
      .max(1024)
      .regex(/^[A-Za-z0-9_=%.@+-]+(?:\/[A-Za-z0-9_=%.@+-]+)*$/)
      .refine((path) => !path.split('/').some((part) => /^\.+$/.test(part))),
    size: z.number().int().min(0),
  }),
  z.strictObject({ end: z.literal(true), files: z.number().int(), sha256: z.string() }),
]);

const largestHead = 4096;

/** Every file below a folder as one stream: a head with path and size, then its octets; at the end count and digest. */
export async function* pack(folder: string): AsyncGenerator<Buffer> {
  const digest = createHash('sha256');
  let files = 0;
  for (const path of (await filesOf(folder)).sort()) {
    const { size } = await stat(join(folder, path));
    yield encodeHead({ path, size });
    digest.update(`${path}\0${size}\0`);
    let sent = 0;
    // The snapshot does not change, but a stream must hold what its head says whatever happens.
    for await (const chunk of createReadStream(join(folder, path), { end: Math.max(0, size - 1) })) {
      if (size === 0) break;
      sent += (chunk as Buffer).length;
      digest.update(chunk as Buffer);
      yield chunk as Buffer;
    }
    if (sent !== size) throw new ShellError('busy', `\`${path}\` changed while it was backed up; try again`);
    files += 1;
  }
  yield encodeHead({ end: true, files, sha256: digest.digest('hex') });
}

export interface Unpacked {
  readonly files: number;
  readonly bytes: number;
}

/** Writes what `pack` made into a folder. @throws ShellError `invalid` for anything else */
export async function unpack(input: AsyncIterable<Buffer>, folder: string): Promise<Unpacked> {
  const reader = new Reader(input);
  const digest = createHash('sha256');
  let files = 0;
  let bytes = 0;
  for (;;) {
    const head = await readHead(reader);
    if ('end' in head) {
      if (head.files !== files || head.sha256 !== digest.digest('hex')) throw broken();
      if ((await reader.take(1)) !== undefined) throw broken();
      return { files, bytes };
    }
    const { path, size } = head;
    digest.update(`${path}\0${size}\0`);
    await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o700 });
    const handle = await open(join(folder, path), 'wx', 0o600);
    try {
      for (let left = size; left > 0; ) {
        const chunk = await reader.take(Math.min(left, 1024 * 1024));
        if (chunk === undefined) throw broken();
        digest.update(chunk);
        await handle.writeFile(chunk);
        left -= chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    files += 1;
    bytes += size;
  }
}

async function readHead(reader: Reader): Promise<z.infer<typeof Head>> {
  const length = (await reader.take(4))?.readUInt32BE(0);
  if (length === undefined || length > largestHead) throw broken();
  const text = (await reader.take(length))?.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw broken();
  }
  const parsed = Head.safeParse(value);
  if (!parsed.success) throw broken();
  return parsed.data;
}

function encodeHead(head: z.infer<typeof Head>): Buffer {
  const text = Buffer.from(JSON.stringify(head), 'utf8');
  const lead = Buffer.alloc(4);
  lead.writeUInt32BE(text.length, 0);
  return Buffer.concat([lead, text]);
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function broken(): ShellError {
  return new ShellError('invalid', 'the backup does not hold what it should; use another one');
}
