/**
 * A wall of tiles drawn by the test itself with nothing but the SDK, in place of the page's own: so a test decides
 * who is shown in which order, as a program that embeds the SDK does.
 */
import type { Call, RemoteParticipant } from '@plenum/sdk';
import type { Person } from './person.ts';

declare global {
  interface Window {
    wall?: { show(names: string[]): Promise<void>; missing(): string[] };
  }
}

/** Runs in the page: covers it with the wall and takes the view over from it. */
function buildWall(): void {
  const call = window.plenum?.call as Call;
  const setView = call.setView.bind(call);
  call.setView = () => Promise.resolve();
  document.querySelector('#root')?.setAttribute('hidden', '');
  const wall = document.createElement('div');
  wall.style.cssText = 'position:fixed;inset:0;z-index:9;display:flex;gap:8px;background:#ddd';
  document.body.append(wall);
  let shown: string[] = [];

  const tileOf = (id: string, name: string): HTMLElement => {
    const present = wall.querySelector<HTMLElement>(`[data-participant="${id}"]`);
    if (present) return present;
    const tile = document.createElement('article');
    Object.assign(tile.dataset, { participant: id, source: 'camera', name, wall: '' });
    const video = document.createElement('video');
    Object.assign(video, { muted: true, autoplay: true, playsInline: true, width: 320, height: 180 });
    tile.append(video);
    wall.append(tile);
    return tile;
  };
  const fill = (participant: RemoteParticipant): void => {
    const video = tileOf(participant.id, participant.name).querySelector('video');
    const track = participant.tracks.get('camera')?.mediaTrack ?? undefined;
    const current = video?.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0] : undefined;
    if (video && current !== track) video.srcObject = track ? new MediaStream([track]) : null;
  };
  const render = (): void => {
    const wanted = [...call.participants.values()].filter((one) => shown.includes(one.name));
    for (const tile of wall.querySelectorAll<HTMLElement>('[data-wall]')) {
      if (!wanted.some((one) => one.id === tile.dataset.participant)) tile.remove();
    }
    for (const participant of wanted) fill(participant);
  };
  call.on('participants', render);

  window.wall = {
    show: async (names) => {
      shown = names;
      render();
      const tiles = names.flatMap((name) => {
        const found = [...call.participants.values()].find((one) => one.name === name);
        return found ? [{ participant: found.id, source: 'camera' as const, height: 180 }] : [];
      });
      await setView({ tiles });
    },
    missing: () =>
      shown.filter((name) => {
        const video = wall.querySelector<HTMLVideoElement>(`[data-name="${name}"] video`);
        return !video || video.getVideoPlaybackQuality().totalVideoFrames < 2;
      }),
  };
}

/** Puts these people on the wall, in this order, and waits until a picture of each has moved. */
export async function showOnWall(person: Person, names: string[]): Promise<void> {
  await person.tab.evaluate(buildWallOnce, buildWall.toString());
  await person.tab.evaluate((list) => window.wall?.show(list), names);
  await person.tab.until(
    `pictures of ${names.join(', ')} on the wall`,
    () => window.wall?.missing().length === 0,
    null,
  );
}

function buildWallOnce(source: string): void {
  if (!window.wall) (new Function(`return (${source})`)() as () => void)();
}
