import { describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en';
import { zh } from '../src/i18n/zh';
import { ACTS, changes, isAllowed } from '../src/logic/permissions';
import type { Permissions, Source } from '../src/sdk';

const SOURCES: readonly Source[] = ['camera', 'microphone', 'screen', 'screen_audio'];

const ALL: Permissions = {
  publish: new Set(SOURCES),
  subscribe: true,
  data: true,
  hidden: false,
  seeHidden: false,
  admin: false,
};
const NOTHING: Permissions = { ...ALL, publish: new Set(), subscribe: false, data: false };

describe('what a person may do', () => {
  it('is asked for by button', () => {
    for (const act of ACTS) {
      expect(isAllowed(ALL, act)).toBe(true);
      expect(isAllowed(NOTHING, act)).toBe(false);
    }
    expect(isAllowed({ ...NOTHING, publish: new Set(['camera']) }, 'camera')).toBe(true);
    expect(isAllowed({ ...NOTHING, publish: new Set(['screen_audio']) }, 'screen')).toBe(false);
    expect(isAllowed({ ...NOTHING, data: true }, 'chat')).toBe(true);
  });

  it('is told when it changes, and nothing else is', () => {
    expect(changes(ALL, NOTHING)).toEqual({ lost: [...ACTS], gained: [] });
    expect(changes(NOTHING, { ...NOTHING, subscribe: true })).toEqual({ lost: [], gained: ['watch'] });
    expect(changes(ALL, { ...ALL, seeHidden: true })).toEqual({ lost: [], gained: [] });
  });

  it('has words for each, in both languages', () => {
    for (const words of [en, zh]) {
      const said = ACTS.flatMap((act) => [words.notAllowed[act], words.allowed[act]]);
      expect(new Set(said).size).toBe(2 * ACTS.length);
    }
  });
});
