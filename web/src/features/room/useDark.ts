import { useEffect } from 'react';

/**
 * Faces look better on dark ground, so a lesson is dark unless the person chose light themselves. Set on the root, since
 * menus and dialogs open outside the page.
 */
export function useDark(): void {
  useEffect(() => {
    const { dataset } = document.documentElement;
    if (dataset.theme) return undefined;
    dataset.theme = 'dark';
    return () => {
      delete dataset.theme;
    };
  }, []);
}
