// Sets the chosen theme before the first paint; without a choice the system's preference counts.
(function () {
  try {
    var theme = localStorage.getItem('osc.theme');
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
  } catch (_) {
    // storage may be forbidden; the system's preference is right then
  }
})();
