// Light, dark, or as the system wants it.

const KEY = 'greenroom-theme';

/** @returns {'auto'|'light'|'dark'} */
export function theme() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'auto';
  } catch {
    return 'auto';
  }
}

/** @param {'auto'|'light'|'dark'} [chosen] */
export function applyTheme(chosen) {
  if (chosen) {
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // A browser that keeps nothing shows the choice until the page is left.
    }
  }
  const wanted = chosen || theme();
  if (wanted === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
}
