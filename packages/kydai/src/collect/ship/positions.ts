import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { ShellError } from '../../error.ts';
import type { Position } from './follow.ts';

const Kept = z.object({
  files: z
    .record(
      z.string(),
      z.object({ ino: z.number(), offset: z.number(), head: z.string(), headBytes: z.number() }),
    )
    .default({}),
  cursor: z.string().optional(),
  /** Tells this shipper from others. */
  agent: z.string().default(() => randomUUID()),
  /** When positions were kept last, epoch ms. */
  saved: z.number().default(0),
});

/** How far each file and the journal were shipped, kept durably in one file. */
export class Positions {
  readonly #file: string;
  readonly #kept: z.infer<typeof Kept>;
  /** What was sent after this, epoch ms, may have been taken although no position says so; 0 for a first run. */
  readonly resumedFrom: number;

  private constructor(file: string, kept: z.infer<typeof Kept>) {
    this.#file = file;
    this.#kept = kept;
    this.resumedFrom = kept.saved;
  }

  /** @throws ShellError `usage` where the file is there and cannot be read: to begin anew would ship everything again */
  static async open(file: string): Promise<Positions> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Positions(file, Kept.parse({}));
      throw new ShellError('usage', `cannot read the state file \`${file}\``, { cause: error });
    }
    try {
      return new Positions(file, Kept.parse(JSON.parse(text)));
    } catch (error) {
      const hint = 'remove it to ship everything again';
      throw new ShellError('usage', `the state file \`${file}\` is damaged; ${hint}`, { cause: error });
    }
  }

  of(path: string): Position | undefined {
    return Object.hasOwn(this.#kept.files, path) ? this.#kept.files[path] : undefined;
  }

  get agent(): string {
    return this.#kept.agent;
  }

  get cursor(): string | undefined {
    return this.#kept.cursor;
  }

  /** Keeps who this shipper is before anything is sent, so that a kill after the first batch is known again. */
  async begin(): Promise<void> {
    if (this.#kept.saved === 0) await this.#save();
  }

  /** Resolves once it is on the disk. */
  async set(path: string, position: Position): Promise<void> {
    this.#kept.files[path] = position;
    await this.#save();
  }

  async setCursor(cursor: string): Promise<void> {
    this.#kept.cursor = cursor;
    await this.#save();
  }

  async #save(): Promise<void> {
    this.#kept.saved = Date.now();
    const next = `${this.#file}.new`;
    const handle = await open(next, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify(this.#kept));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, this.#file);
  }
}
