import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { takeLock } from '../../boot/lock-file.ts';
import { ShellError } from '../../error.ts';
import type { Position } from './follow.ts';

const Kept = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        ino: z.number(),
        offset: z.number(),
        head: z.string(),
        headBytes: z.number(),
        header: z.string().optional(),
      }),
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
  /** Settles when no write is under way. */
  #writing: Promise<void> = Promise.resolve();
  /** The write that begins next. */
  #next: Promise<void> | undefined;

  private constructor(file: string, kept: z.infer<typeof Kept>) {
    this.#file = file;
    this.#kept = kept;
    this.resumedFrom = kept.saved;
  }

  /**
   * Opens the file, or begins one, for this process alone: two shippers would each ship everything.
   *
   * @throws ShellError `usage` where the file is there and cannot be read (to begin anew would ship everything again),
   *   where it cannot be written, or while another process has it
   */
  static async open(file: string): Promise<Positions> {
    try {
      takeLock(
        lockOf(file),
        (pid) =>
          new ShellError(
            'usage',
            `process ${pid} ships with the state file \`${file}\`; give another --state`,
          ),
      );
    } catch (error) {
      if (error instanceof ShellError) throw error;
      throw cannotWrite(file, error);
    }
    try {
      return await Positions.#read(file);
    } catch (error) {
      rmSync(lockOf(file), { force: true });
      throw error;
    }
  }

  static async #read(file: string): Promise<Positions> {
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

  /** Gives the file up when all of it is on the disk. */
  async close(): Promise<void> {
    await this.#writing;
    rmSync(lockOf(this.#file), { force: true });
  }

  /** Who comes while a write is under way shares the next one, so that any number of files can move at once. */
  #save(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#writing.then(() => {
        this.#next = undefined;
        return this.#write();
      });
      this.#writing = this.#next.catch(() => {});
    }
    return this.#next;
  }

  async #write(): Promise<void> {
    this.#kept.saved = Date.now();
    const next = `${this.#file}.new`;
    try {
      const handle = await open(next, 'w', 0o600);
      try {
        await handle.writeFile(JSON.stringify(this.#kept));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(next, this.#file);
    } catch (error) {
      throw cannotWrite(this.#file, error);
    }
  }
}

function lockOf(file: string): string {
  return `${file}.lock`;
}

function cannotWrite(file: string, error: unknown): ShellError {
  const { code = '' } = error as NodeJS.ErrnoException;
  return new ShellError('usage', `cannot write the state file \`${file}\` (${code})`, { cause: error });
}
