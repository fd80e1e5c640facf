import { useWords } from '../i18n';
import { errorText } from '../logic/errors';
import { Icon } from '../ui/Icon';

/** Why joining failed. */
export function ErrorBox({ code }: { code: string }) {
  const words = useWords();
  return (
    <div className="problem severe" role="alert" data-testid="error" data-code={code}>
      <Icon name="warning" size={20} />
      <p>{errorText(words, code)}</p>
    </div>
  );
}
