/** The colours a person chose; without a choice the system decides. theme.js reads the same key. */

export type Theme = 'system' | 'dark' | 'light';

const KEY = 'osc.theme';

class ThemeSetting {
  current = $state.raw<Theme>(stored());

  set(theme: Theme): void {
    this.current = theme;
    const root = document.documentElement;
    if (theme === 'system') delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      if (theme === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // not remembered then; it still holds for this visit
    }
  }

  get dark(): boolean {
    if (this.current !== 'system') return this.current === 'dark';
    return matchMedia('(prefers-color-scheme: dark)').matches;
  }
}

export const theme = new ThemeSetting();

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'dark' || value === 'light' ? value : 'system';
  } catch {
    return 'system';
  }
}
