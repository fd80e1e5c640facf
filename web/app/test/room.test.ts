import { describe, expect, it } from 'vitest';
import { hueOf, initials } from '../src/logic/avatar';
import { isRoomName, randomRoomName, roomFromPath, roomPath, toRoomName } from '../src/logic/room';

describe('room names', () => {
  it('come from what people type or paste', () => {
    expect(toRoomName('  Team Monday ')).toBe('Team-Monday');
    expect(toRoomName('https://call.example.org/r/calm-river-1234?x=1')).toBe('calm-river-1234');
    expect(toRoomName('café')).toBe('cafe');
    expect(toRoomName('会议')).toBe('');
    expect(toRoomName('..')).toBe('');
    expect(toRoomName('x'.repeat(99))).toHaveLength(64);
  });

  it('stand in the path and come back from it', () => {
    expect(roomFromPath(roomPath('calm_river.1'))).toBe('calm_river.1');
    expect(roomFromPath('/')).toBeNull();
    expect(roomFromPath('/r/')).toBeNull();
    expect(roomFromPath('/r/a/b')).toBeNull();
    expect(roomFromPath('/r/%E0%A4')).toBeNull();
    expect(roomFromPath('/r/a%20b')).toBeNull();
  });

  it('made at random are valid whatever the numbers', () => {
    for (const n of [0, 1, 37, 38, 9_999, 4_294_967_295]) {
      expect(isRoomName(randomRoomName(new Uint32Array([n, n, n])))).toBe(true);
    }
    expect(randomRoomName()).not.toBe(randomRoomName());
  });
});

describe('avatars', () => {
  it('show initials of western names and the given name of Chinese ones', () => {
    expect(initials('Ada Lovelace')).toBe('AL');
    expect(initials('maya')).toBe('M');
    expect(initials('Jean Luc de la Tour')).toBe('JT');
    expect(initials('陈思远')).toBe('思远');
    expect(initials('李雷')).toBe('李雷');
    expect(initials('😀 smile')).toBe('😀S');
    expect(initials('  ')).toBe('?');
  });

  it('have the same colour for the same person', () => {
    expect(hueOf('p_00000001')).toBe(hueOf('p_00000001'));
    expect(new Set(Array.from({ length: 40 }, (_, i) => hueOf(`p_${i}`))).size).toBeGreaterThan(5);
  });
});
