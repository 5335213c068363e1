/** Colours as roles have them, 0xRRGGBB, for a style. */
export const hex = (color: number) => `#${color.toString(16).padStart(6, '0')}`;
