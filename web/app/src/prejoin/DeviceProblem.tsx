import { useWords } from '../i18n';
import type { CaptureKind, Problem } from '../media/capture';
import type { LocalMedia } from '../media/LocalMedia';
import { Icon } from '../ui/Icon';

interface Props {
  kind: CaptureKind;
  problem: Problem;
  media: LocalMedia;
}

/** Why a device does not work, and what to do. */
export function DeviceProblem({ kind, problem, media }: Props) {
  const words = useWords();
  const { problem: says } = words;
  const device = words.devices[kind];
  const [title, text] = {
    denied: [says.deniedTitle(device), says.denied],
    missing: [says.missingTitle(device), says.missing],
    busy: [says.busyTitle(device), says.busy],
    failed: [says.failedTitle(device), says.failed],
    insecure: [says.insecureTitle, says.insecure],
  }[problem];
  return (
    <div className="problem" role="alert" data-testid={`problem-${kind}`} data-problem={problem}>
      <Icon name="warning" size={20} />
      <div>
        <strong>{title}</strong>
        <p>{text}</p>
        {problem !== 'insecure' && problem !== 'missing' && (
          <button type="button" className="button plain small" onClick={() => void media.setWanted(kind, true)}>
            {words.retry}
          </button>
        )}
      </div>
    </div>
  );
}

/** The page came over plain http: no devices here, by the browser's rule. */
export function InsecureNotice() {
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
