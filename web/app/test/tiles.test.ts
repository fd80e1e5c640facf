import { describe, expect, it } from 'vitest';
import { remoteTiles } from '../src/logic/tiles';
import type { RemoteParticipant, RemoteTrack, Source } from '../src/sdk';

const picture = {} as MediaStreamTrack;

function track(source: Source, change: Partial<RemoteTrack> = {}): RemoteTrack {
  return {
    id: 't_1',
    csrc: 7,
    participant: 'p_1',
    source,
    muted: false,
    state: 'live',
    pauseReason: null,
    mediaTrack: picture,
    startsAt: null,
    ...change,
  };
}

function person(tracks: RemoteTrack[], change: Partial<RemoteParticipant> = {}): RemoteParticipant {
  const byName = new Map(tracks.map((each) => [each.source, each]));
  return {
    id: 'p_1',
    identity: null,
    name: 'Ada',
    metadata: null,
    state: 'connected',
    tracks: byName,
    speaking: false,
    level: 0,
    quality: null,
    ...change,
  };
}

const tilesOf = (participant: RemoteParticipant) =>
  remoteTiles({ participants: new Map([[participant.id, participant]]) });

describe('remoteTiles', () => {
  it('shows a picture only while the track carries one and is not muted', () => {
    expect(tilesOf(person([track('camera')])).cameras[0]?.picture).toBe(picture);
    expect(tilesOf(person([track('camera', { mediaTrack: null })])).cameras[0]?.picture).toBeNull();
    expect(tilesOf(person([track('camera', { muted: true })])).cameras[0]?.picture).toBeNull();
    expect(tilesOf(person([])).cameras[0]?.picture).toBeNull();
  });

  it('has a tile for everybody, and another for a screen', () => {
    const { screens, cameras } = tilesOf(person([track('screen')]));
    expect(screens.map(({ key }) => key)).toEqual(['p_1/screen']);
    expect(cameras.map(({ key }) => key)).toEqual(['p_1/camera']);
  });

  it('marks people without a microphone as muted', () => {
    expect(tilesOf(person([])).cameras[0]?.muted).toBe(true);
    expect(tilesOf(person([track('microphone', { muted: true })])).cameras[0]?.muted).toBe(true);
    expect(tilesOf(person([track('microphone')])).cameras[0]?.muted).toBe(false);
  });

  it('marks a poor network and a picture that is paused for bandwidth', () => {
    expect(tilesOf(person([], { quality: { score: 49, reason: 'uplink_loss' } })).cameras[0]?.mark).toBe('poor');
    expect(tilesOf(person([], { quality: { score: 50, reason: 'uplink_loss' } })).cameras[0]?.mark).toBeNull();
    expect(tilesOf(person([track('camera', { pauseReason: 'bandwidth' })])).cameras[0]?.mark).toBe('bandwidth');
    expect(tilesOf(person([track('camera', { pauseReason: 'overload' })])).cameras[0]?.mark).toBe('overload');
    expect(tilesOf(person([track('camera', { pauseReason: 'hidden' })])).cameras[0]?.mark).toBeNull();
  });
});
