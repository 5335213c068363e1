// How this device wants the page to look, set before the first paint; what is not chosen follows
// the system. ui/device.svelte.ts writes the choices and calls `osc.look` again when they change.
(function () {
  function look(choices) {
    var root = document.documentElement;
    var more = matchMedia('(prefers-contrast: more)').matches;
    mark('theme', choices.theme === 'dark' || choices.theme === 'light' ? choices.theme : '');
    mark('density', choices.density === 'compact' ? 'compact' : '');
    mark('motion', choices.reducedMotion === true ? 'reduced' : '');
    mark('contrast', choices.contrast === true || more ? 'more' : '');
    measure('--chat-points', choices.fontSize, 12, 24, 15);
    measure('--sat', choices.saturation / 100, 0, 1, 1);

    function mark(name, value) {
      if (value) root.dataset[name] = value;
      else delete root.dataset[name];
    }
    function measure(name, value, least, most, usual) {
      if (value >= least && value <= most && value !== usual) root.style.setProperty(name, value);
      else root.style.removeProperty(name);
    }
  }
  window.osc = { look: look };
  try {
    look(JSON.parse(localStorage.getItem('osc.device')) || {});
  } catch (_) {
    look({}); // storage may be forbidden or not ours; the system's preferences are right then
  }
})();
