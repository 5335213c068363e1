/** Whether somebody looks at this page: visible and with the keyboard's focus. */

class Attention {
  here = $state.raw(look());

  constructor() {
    const update = () => (this.here = look());
    for (const event of ['focus', 'blur', 'pageshow']) addEventListener(event, update);
    document.addEventListener('visibilitychange', update);
  }
}

function look(): boolean {
  return document.visibilityState === 'visible' && document.hasFocus();
}

export const attention = new Attention();
