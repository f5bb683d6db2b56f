/** `npm run dev`: Vite's development pages in front of the fixture API (or of a real server, by `KYDAI_API`). */
import { createServer } from 'vite';
import { startFixture } from './server.ts';

if (!process.env['KYDAI_API']) {
  await startFixture(8091);
  console.log('fixture API with development data on http://127.0.0.1:8091');
}
const vite = await createServer();
await vite.listen();
vite.printUrls();
