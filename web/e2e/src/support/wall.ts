/**
 * A wall of tiles drawn by the test itself with nothing but the SDK, in place of the page's own: so a test decides
 * who is shown in which order, as a program that embeds the SDK does.
 */
import type { attachPicture, Call, RemoteParticipant } from '@plenum/sdk';
import type { Person } from './person.ts';

declare global {
  interface Window {
    wall?: { show(names: string[]): Promise<void>; missing(): string[] };
  }
}

/** Runs in the page: covers it with the wall and takes the view over from it. */
function buildWall(): void {
  const attach = window.plenum?.attachPicture as typeof attachPicture;
  const call = window.plenum?.call as Call;
  const setView = call.setView.bind(call);
  call.setView = () => Promise.resolve();
  document.querySelector('#root')?.setAttribute('hidden', '');
  const wall = document.createElement('div');
  wall.style.cssText = 'position:fixed;inset:0;z-index:9;display:flex;gap:8px;background:#ddd';
  document.body.append(wall);
  let shown: string[] = [];
  const playing = new Map<HTMLVideoElement, { track: MediaStreamTrack | null; detach: () => void }>();

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
    const camera = participant.tracks.get('camera');
    const track = camera?.mediaTrack ?? null;
    if (!video || playing.get(video)?.track === track) return;
    playing.get(video)?.detach();
    video.dataset.ready = 'false';
    const detach = track
      ? attach(video, track, camera?.startsAt ?? null, () => {
          video.dataset.ready = 'true';
        })
      : () => undefined;
    playing.set(video, { track, detach });
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
        return Number(video?.dataset.right ?? 0) < 2;
      }),
  };
}

/** Puts these people on the wall, in this order, and waits until the watch has found two frames of each right. */
export async function showOnWall(person: Person, names: string[]): Promise<void> {
  await person.tab.evaluate(buildWallOnce, buildWall.toString());
  await person.tab.evaluate((list) => window.wall?.show(list), names);
  await person.tab
    .until('pictures on the wall', () => window.wall?.missing().length === 0, null)
    .catch(async (error: Error) => {
      const missing = await person.tab.evaluate(() => window.wall?.missing() ?? [], null);
      const slots = await person.slots();
      throw new Error(`${error.message}; wanted ${names.join(', ')}, missing ${missing.join(', ')}; ${slots}`);
    });
}

function buildWallOnce(source: string): void {
  if (!window.wall) (new Function(`return (${source})`)() as () => void)();
}
