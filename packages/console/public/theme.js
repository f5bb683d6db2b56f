// Runs before the first paint, so that a remembered theme never flashes the other one. A file of its own because the
// content security policy allows no inline script.
try {
  const theme = localStorage.getItem('kydai.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  document.documentElement.lang = localStorage.getItem('kydai.language') === 'en' ? 'en' : 'vi';
} catch {
  // Storage is closed to us: the system's theme and Vietnamese it is.
}
