// The hospitals: all that the house names; those in the page's address (`?site=renmin`) or used before come first.

const REMEMBERED = 'jiaohao.sites';

/** @returns {string[]} */
function remembered() {
  try {
    const ids = JSON.parse(localStorage.getItem(REMEMBERED) || '[]');
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string} id */
export function rememberSite(id) {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify([id, ...remembered().filter((one) => one !== id)].slice(0, 20)));
  } catch {
    // Asked for again next time.
  }
}

/**
 * The hospitals by name, the likeliest first.
 * @param {import('./session.js').Session} session @param {string[]} likely ids known from elsewhere @param {AbortSignal} [signal]
 * @returns {Promise<{site: string, name: string, name_en?: string}[]>}
 */
export async function sitesByName(session, likely, signal) {
  const given = (new URLSearchParams(location.search).get('site') || '').split(',');
  const first = [...given, ...likely, ...remembered()];
  const rank = (/** @type {any} */ one) => (first.indexOf(one.site) + first.length + 1) % (first.length + 1);
  const { sites } = await session.http('GET', '/api/v1/sites', undefined, { signal });
  return sites.sort((/** @type {any} */ a, /** @type {any} */ b) => rank(a) - rank(b));
}
