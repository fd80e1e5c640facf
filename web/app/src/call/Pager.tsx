import { useWords } from '../i18n';
import { Icon } from '../ui/Icon';
import './Pager.css';

interface Props {
  page: number;
  pages: number;
  onPage: (page: number) => void;
}

export function Pager({ page, pages, onPage }: Props) {
  const { call } = useWords();
  return (
    <nav className="pager" aria-label={call.page(page + 1, pages)}>
      <button
        type="button"
        className="icon-button"
        data-testid="page-previous"
        aria-label={call.previousPage}
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        <Icon name="left" />
      </button>
      <span data-testid="page" aria-live="polite">
        <span className="unseen">{call.page(page + 1, pages)}</span>
        <span aria-hidden="true">
          {page + 1} / {pages}
        </span>
      </span>
      <button
        type="button"
        className="icon-button"
        data-testid="page-next"
        aria-label={call.nextPage}
        disabled={page >= pages - 1}
        onClick={() => onPage(page + 1)}
      >
        <Icon name="right" />
      </button>
    </nav>
  );
}
