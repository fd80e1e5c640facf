import { defineConfig } from 'vitest/config';

/** Long measurements, run by targets of their own. */
export default defineConfig({
  test: {
    include: ['src/**/*.measure.ts'],
    fileParallelism: false,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
});
