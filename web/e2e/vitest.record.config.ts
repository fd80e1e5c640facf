import { defineConfig } from 'vitest/config';

/** Recordings that are committed, and comparisons that take minutes: run by scripts of their own. */
export default defineConfig({
  test: {
    include: ['src/record/*.record.ts'],
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
});
