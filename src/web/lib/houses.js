// Which hospitals this browser knows: named in the page's address (`?site=renmin`), of the signed-in person, or used before.

import { Site } from './site.js';

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
 * The sites that can be read, the likeliest first.
 * @param {import('./session.js').Session} session @param {string[]} more ids known from elsewhere
 * @returns {Promise<Site[]>}
 */
export async function knownSites(session, more) {
  const given = (new URLSearchParams(location.search).get('site') || '').split(',');
  const ids = [...new Set([...given, ...more, ...remembered()])].filter(Boolean);
  const sites = ids.map((id) => new Site(session, id));
  const read = await Promise.all(sites.map((site) => site.read().then(() => site, () => null)));
  const found = /** @type {Site[]} */ (read.filter(Boolean));
  found.forEach((site) => rememberSite(site.id));
  return found;
}
