import { readFileSync } from 'node:fs';
import type { Manufacturer } from '@kydai/pki';
import { ShellError } from '../error.ts';

const largest = 1024 * 1024;

/** Reads the authorities of the configured manufacturers. @throws ShellError `setting` for a file that cannot be read */
export function readManufacturers(
  list: readonly { readonly name: string; readonly file: string }[],
): readonly Manufacturer[] {
  return list.map(({ name, file }) => {
    let certificatesPem: string;
    try {
      certificatesPem = readFileSync(file, 'utf8');
    } catch (cause) {
      throw new ShellError(
        'setting',
        `setting \`pki.manufacturers\`: cannot read \`${file}\` of \`${name}\``,
        { cause },
      );
    }
    if (certificatesPem.length > largest)
      throw new ShellError('setting', `setting \`pki.manufacturers\`: \`${file}\` is above 1 MiB`);
    return { name, certificatesPem };
  });
}
