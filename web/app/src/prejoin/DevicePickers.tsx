import { useId } from 'react';
import { useWords } from '../i18n';
import type { LocalMedia, MediaState } from '../media/LocalMedia';
import { playTestSound } from '../media/testSound';
import { canChooseSpeaker, type DeviceKind } from '../sdk';
import { LevelMeter } from '../ui/LevelMeter';
import './DevicePickers.css';

interface Props {
  media: LocalMedia;
  state: MediaState;
  kinds: readonly DeviceKind[];
  /** Shows the microphone's level. */
  meter?: boolean;
}

/** The device in use: the open track's own, which may differ from what was once chosen. */
function current(state: MediaState, kind: DeviceKind): string {
  if (kind === 'speaker') return state.speakerId;
  const { track, deviceId } = state[kind];
  return deviceId || (track?.getSettings().deviceId ?? '');
}

function Picker({ kind, media, state }: { kind: DeviceKind; media: LocalMedia; state: MediaState }) {
  const words = useWords();
  const id = useId();
  const devices = state.devices[kind];
  const chosen = current(state, kind);
  const blocked = kind !== 'speaker' && (state[kind].problem === 'denied' || state[kind].problem === 'insecure');
  const none = blocked ? words.devices.blocked : words.devices.none;
  const known = devices.some((device) => device.id === chosen);
  const choose = (deviceId: string) => {
    if (kind === 'speaker') media.chooseSpeaker(deviceId);
    else void media.choose(kind, deviceId);
  };
  return (
    <div className="field picker">
      <label htmlFor={id}>{words.devices[kind]}</label>
      <select
        id={id}
        className="select"
        data-testid={`select-${kind}`}
        disabled={devices.length === 0}
        value={known ? chosen : ''}
        onChange={(event) => choose(event.target.value)}
      >
        {!known && <option value="">{devices.length === 0 ? none : words.devices.defaultDevice}</option>}
        {devices.map((device, index) => (
          <option key={device.id} value={device.id}>
            {device.label || words.devices.unnamed(words.devices[kind], index + 1)}
          </option>
        ))}
      </select>
      {kind === 'speaker' && (
        <button
          type="button"
          className="button plain small picker-test"
          title={words.prejoin.testSoundHint}
          onClick={() => void playTestSound(state.speakerId)}
        >
          {words.prejoin.testSound}
        </button>
      )}
    </div>
  );
}

export function DevicePickers({ media, state, kinds, meter = false }: Props) {
  const words = useWords();
  // Where the browser decides about the speaker (Safari), there is nothing to choose.
  const shown = kinds.filter((kind) => kind !== 'speaker' || (canChooseSpeaker() && state.devices.speaker.length > 0));
  return (
    <div className="pickers">
      {shown.map((kind) => (
        <div key={kind}>
          <Picker kind={kind} media={media} state={state} />
          {kind === 'microphone' && meter && <LevelMeter track={state.microphone.track} label={words.prejoin.level} />}
        </div>
      ))}
    </div>
  );
}
