import { fileURLToPath } from 'node:url';

/** Where the built pages lie (absolute path, no trailing slash). Empty until `npm run build` of this package has run. */
export const consoleFolder: string = fileURLToPath(new URL('../dist', import.meta.url));
