// Ids proposed from names. An id is for good, so what is proposed is short and can be said; whoever fills in the form may
// write another.

import { spelt } from '../i18n/pinyin.js';

/** How an id begins whose name says nothing. @type {Object<string, string>} */
const BEGINNING = { site: 'site', department: 'd', service_point: 'r', doctor: 'dr', queue: 'q', session: 's', board: 'b', staff: 'u' };

/**
 * The own part of an id: from the name, else from the English one, else the next number; never one that is taken.
 * @param {string} kind @param {string} name @param {string} nameEn @param {(own: string) => boolean} taken
 */
export function proposedId(kind, name, nameEn, taken) {
  const own = spelt(name, kind) || spelt(nameEn, kind);
  const first = own || `${BEGINNING[kind]}1`;
  const stem = own ? `${own}-` : BEGINNING[kind];
  let id = first;
  for (let n = 2; taken(id); n += 1) id = `${stem}${n}`;
  return id;
}
