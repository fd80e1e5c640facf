import { useWords, type Words } from '../i18n';
import { type CaptureKind, captureAllowed, type Problem } from '../media/capture';
import type { LocalMedia, MediaState } from '../media/LocalMedia';
import { Icon } from '../ui/Icon';

/** Words for a device that does not work. */
export function problemText(words: Words, device: string, problem: Problem): [title: string, text: string] {
  const { problem: says } = words;
  switch (problem) {
    case 'denied':
      return [says.deniedTitle(device), says.denied];
    case 'missing':
      return [says.missingTitle(device), says.missing];
    case 'busy':
      return [says.busyTitle(device), says.busy];
    case 'failed':
      return [says.failedTitle(device), says.failed];
    case 'insecure':
      return [says.insecureTitle, says.insecure];
  }
}

interface Props {
  /** One device, or both when they have the same problem. */
  kinds: readonly CaptureKind[];
  problem: Problem;
  media: LocalMedia;
}

/** Why a device does not work, and what to do. */
export function DeviceProblem({ kinds, problem, media }: Props) {
  const words = useWords();
  const [kind] = kinds;
  const device = kinds.length > 1 || !kind ? words.devices.both : words.devices[kind];
  const [title, text] = problemText(words, device, problem);
  const again = () => {
    for (const each of kinds) void media.setWanted(each, true);
  };
  return (
    <div className="problem" role="alert" data-testid={`problem-${kinds.join('-')}`} data-problem={problem}>
      <Icon name="warning" size={20} />
      <div>
        <strong>{title}</strong>
        <p>{text}</p>
        {problem !== 'insecure' && problem !== 'missing' && (
          <button type="button" className="button plain small" onClick={again}>
            {words.retry}
          </button>
        )}
      </div>
    </div>
  );
}

/** All there is to say about the devices before joining. */
export function DeviceProblems({ media, state }: { media: LocalMedia; state: MediaState }) {
  if (!captureAllowed()) return <InsecureNotice />;
  const { camera, microphone } = state;
  const wrong = {
    camera: camera.wanted ? camera.problem : null,
    microphone: microphone.wanted ? microphone.problem : null,
  };
  if (wrong.camera !== null && wrong.camera === wrong.microphone) {
    return <DeviceProblem kinds={['camera', 'microphone']} problem={wrong.camera} media={media} />;
  }
  return (
    <>
      {wrong.camera && <DeviceProblem kinds={['camera']} problem={wrong.camera} media={media} />}
      {wrong.microphone && <DeviceProblem kinds={['microphone']} problem={wrong.microphone} media={media} />}
    </>
  );
}

/** The page came over plain http: no devices here, by the browser's rule. */
function InsecureNotice() {
  const { problem } = useWords();
  return (
    <div className="problem" role="alert" data-testid="problem-insecure">
      <Icon name="shield" size={20} />
      <div>
        <strong>{problem.insecureTitle}</strong>
        <p>{problem.insecure}</p>
      </div>
    </div>
  );
}
