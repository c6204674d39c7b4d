// What a page keeps in this window until the house has it: over a reload, not over the window's end.

/** @param {string} key @returns {any[]} */
export function readKept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) || '[]');
  } catch {
    return [];
  }
}

/** @param {string} key @param {any[]} left nothing of it stays when nothing is left */
export function writeKept(key, left) {
  try {
    if (left.length) sessionStorage.setItem(key, JSON.stringify(left));
    else sessionStorage.removeItem(key);
  } catch {
    // Kept on this page only.
  }
}
