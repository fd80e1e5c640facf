import { useWords } from '../i18n';
import type { CaptureKind } from '../media/capture';
import type { LocalMedia, MediaState } from '../media/LocalMedia';
import { Avatar } from '../ui/Avatar';
import { Icon } from '../ui/Icon';
import { Video } from '../ui/Video';
import { DeviceProblems } from './DeviceProblem';
import './Preview.css';

function Toggle({ kind, media, state }: { kind: CaptureKind; media: LocalMedia; state: MediaState }) {
  const { controls } = useWords();
  const { wanted, track, problem, starting } = state[kind];
  const on = wanted && (track !== null || starting);
  const [turnOn, turnOff] =
    kind === 'camera' ? [controls.cameraOn, controls.cameraOff] : [controls.unmute, controls.mute];
  const icons = kind === 'camera' ? (['camera', 'cameraOff'] as const) : (['mic', 'micOff'] as const);
  const label = on ? turnOff : turnOn;
  return (
    <button
      type="button"
      className={`preview-toggle${on ? '' : ' off'}`}
      data-testid={kind === 'camera' ? 'toggle-camera' : 'toggle-mic'}
      data-on={on}
      aria-label={label}
      title={label}
      onClick={() => void media.toggle(kind)}
    >
      <Icon name={icons[on ? 0 : 1]} size={24} />
      {problem && <span className="preview-alert" aria-hidden="true" />}
    </button>
  );
}

/** What the others will see. */
export function Preview({ media, state, name }: { media: LocalMedia; state: MediaState; name: string }) {
  const words = useWords();
  const { camera } = state;
  const placeholder = (
    <div className="preview-empty">
      {name.trim() === '' ? <Icon name="cameraOff" size={44} /> : <Avatar name={name} seed={name} />}
      <span>{camera.starting ? words.prejoin.cameraStarting : words.prejoin.cameraOff}</span>
    </div>
  );
  return (
    <section className="preview-column">
      <div
        className="preview"
        data-testid="preview"
        role="img"
        aria-label={camera.track ? words.prejoin.preview : words.prejoin.cameraOff}
      >
        {camera.track ? (
          <Video track={camera.track} mirror>
            {placeholder}
          </Video>
        ) : (
          placeholder
        )}
      </div>
      <div className="preview-toggles">
        <Toggle kind="microphone" media={media} state={state} />
        <Toggle kind="camera" media={media} state={state} />
      </div>
      <DeviceProblems media={media} state={state} />
    </section>
  );
}
