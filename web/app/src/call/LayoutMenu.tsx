import { useWords } from '../i18n';
import type { LayoutChoice } from '../logic/arrange';
import { Icon } from '../ui/Icon';
import { Popover } from '../ui/Popover';

interface Props {
  layout: LayoutChoice;
  onLayout: (layout: LayoutChoice) => void;
}

const CHOICES: readonly LayoutChoice[] = ['auto', 'grid', 'speaker'];

export function LayoutChoices({ layout, onLayout }: Props) {
  const words = useWords();
  return (
    <fieldset className="choices">
      <legend className="popover-title">{words.controls.layout}</legend>
      {CHOICES.map((choice) => (
        <label key={choice} className="choice">
          <input
            type="radio"
            name="layout"
            value={choice}
            checked={layout === choice}
            data-testid={`layout-${choice}`}
            onChange={() => onLayout(choice)}
          />
          {words.layout[choice]}
        </label>
      ))}
    </fieldset>
  );
}

export function LayoutMenu({ layout, onLayout }: Props) {
  const { controls } = useWords();
  return (
    <Popover
      label={controls.layout}
      align="end"
      button={(attributes) => (
        <button
          type="button"
          className="control flat"
          aria-label={controls.layout}
          title={controls.layout}
          data-testid="layout"
          {...attributes}
        >
          <Icon name="layout" />
        </button>
      )}
    >
      {() => <LayoutChoices layout={layout} onLayout={onLayout} />}
    </Popover>
  );
}
