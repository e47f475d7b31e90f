// What must happen before anything is drawn: send browsers that are too old to a page that says so, and set the
// chosen colours. Plain ES5 in a file of its own, since old browsers must be able to read it and the content
// security policy allows no inline script. The list is the one in vite.config.ts (build.target) and old-browser.html.
(() => {
  var oldest = [
    // Each pattern captures the major version. Order matters: Edge and Yandex Browser also say "Chrome".
    [/Edg\/(\d+)/, 109],
    [/OPR\/(\d+)/, 95],
    [/YaBrowser\/(\d+)/, 23],
    [/(?:Chrome|CriOS)\/(\d+)/, 109],
    [/(?:Firefox|FxiOS)\/(\d+)/, 115],
    [/Version\/(\d+)[^ ]* (?:Mobile\/\S+ )?Safari/, 17],
  ];
  function tooOld() {
    var i;
    var found;
    if (/Trident|MSIE/.test(navigator.userAgent)) return true;
    if (!window.RTCPeerConnection || !window.fetch || !Array.prototype.findLast || !window.structuredClone)
      return true;
    for (i = 0; i < oldest.length; i++) {
      found = oldest[i][0].exec(navigator.userAgent);
      if (found) return Number(found[1]) < oldest[i][1];
    }
    return false; // an unknown browser that can do all this is let in
  }
  var theme;
  if (tooOld()) {
    location.replace('/old-browser.html');
    return;
  }
  try {
    theme = localStorage.getItem('zvonok.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.setAttribute('data-theme', theme);
  } catch (_) {
    // Storage is forbidden here: the system's colours it is.
  }
})();
