import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `KYDAI_API` points the development pages at another server than the fixture one. */
const api = process.env['KYDAI_API'] ?? 'http://127.0.0.1:8091';

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // Fonts and pictures must stay files of our own origin: the server's policy allows no `data:` font.
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': api, '/sign-in': api },
  },
});
