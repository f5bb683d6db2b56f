import { join } from 'node:path';

/** Where the built pages lie (absolute path, no trailing slash). Empty until `npm run build` of this package has run. */
export const consoleFolder: string = join(import.meta.dirname, '..', 'dist');
