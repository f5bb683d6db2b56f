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
});

/** How far each file and the journal were shipped, kept durably in one file. */
export class Positions {
  readonly #file: string;
  readonly #kept: z.infer<typeof Kept>;

  private constructor(file: string, kept: z.infer<typeof Kept>) {
    this.#file = file;
    this.#kept = kept;
  }

  /** @throws ShellError `usage` where the file is there and cannot be read: to begin anew would ship everything again */
  static async open(file: string): Promise<Positions> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Positions(file, { files: {} });
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

  get cursor(): string | undefined {
    return this.#kept.cursor;
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
