import { useEffect } from 'react';
import { useNavigate } from 'react-router';
import { pages } from './pages.ts';

/** `/` puts the cursor into the search, `g` and a page's letter go there, `?` shows the help. Typing in a field is left alone. */
export function useKeys(onHelp: () => void): void {
  const navigate = useNavigate();
  useEffect(() => {
    let afterG = false;
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target;
      const typing = target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      const going = afterG;
      afterG = event.key === 'g' && !going;
      if (going) {
        const page = pages.find((candidate) => candidate.key === event.key);
        if (page !== undefined) void navigate(page.path);
      } else if (event.key === '/') {
        event.preventDefault();
        document.querySelector<HTMLElement>('input[type="search"]')?.focus();
      } else if (event.key === '?') {
        event.preventDefault();
        onHelp();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [navigate, onHelp]);
}
