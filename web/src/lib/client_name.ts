/** Firefox and Linux from what a browser calls itself; other programs keep their own name. */

const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
];

export function clientName(text: string): { program: string; system: string | null } {
  if (!text.startsWith('Mozilla/')) return { program: text, system: null };
  const find = (table: [RegExp, string][]) => table.find(([mark]) => mark.test(text))?.[1];
  return { program: find(BROWSERS) ?? 'Browser', system: find(SYSTEMS) ?? null };
}
