import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { AuditEntry, Write } from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';

/** Records that survive a kill: each commit is one line, fsynced before it resolves; a torn last line never happened. */
export class FileRecords extends MemoryRecords {
  readonly #path: string;
  #reading = true;

  private constructor(path: string) {
    super();
    this.#path = path;
  }

  static async open(path: string, kinds: readonly Write['kind'][]): Promise<FileRecords> {
    const records = new FileRecords(path);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
    const whole: string[] = [];
    for (const line of lines) {
      const { writes, audit } = JSON.parse(line) as {
        writes: (Write & { kind: string })[];
        audit: AuditEntry[];
      };
      const known = writes.map((item) => ({ ...item, kind: kinds.find(({ name }) => name === item.kind)! }));
      await records.commit(known as Write[], audit);
      whole.push(line);
    }
    const file = openSync(`${path}.new`, 'w');
    writeSync(file, whole.map((line) => `${line}\n`).join(''));
    fsyncSync(file);
    closeSync(file);
    renameSync(`${path}.new`, path);
    records.#reading = false;
    return records;
  }

  override async commit(writes: readonly Write[], audit: readonly AuditEntry[] = []): Promise<void> {
    await super.commit(writes, audit);
    if (this.#reading) return;
    const line = JSON.stringify({ writes: writes.map((item) => ({ ...item, kind: item.kind.name })), audit });
    const file = openSync(this.#path, 'a');
    writeSync(file, `${line}\n`);
    fsyncSync(file);
    closeSync(file);
  }
}
