import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where `npm run dev` and `vite preview` find the server. */
const server = process.env.PLENUM_SERVER ?? 'http://127.0.0.1:8080';

/** `--mode fake` swaps the SDK for an in-page call without a server: for looking at the page, never for the product. */
export default defineConfig(({ mode }) => ({
  plugins: [react()],
  resolve: {
    alias: mode === 'fake' ? { '@plenum/sdk': local('dev/fake/index.ts') } : {},
  },
  build: {
    target: 'es2022',
    // The server's content security policy allows files of its own origin only: no data: URLs, no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    outDir: mode === 'fake' ? 'node_modules/.fake' : 'dist',
  },
  server: { proxy: { '/signal': { target: server, ws: true } } },
  preview: { proxy: { '/signal': { target: server, ws: true } } },
  test: { include: ['test/**/*.test.ts'] },
}));
