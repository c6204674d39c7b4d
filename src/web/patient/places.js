// Places as the phone offers them, when somebody books and in place of a clinic that does not take place.

import { t } from '../lib/i18n.js';
import { isFree as isFreeFor } from '../lib/places.js';
import { whoseOf } from '../lib/sessions.js';

/** How many places of a slot a phone can still have. @param {any} slot @returns {number} */
export const leftOf = (slot) => slot.free_for.online;

/** Whether a slot's place can be had. @param {any} slot @param {number} now server time */
export const isFree = (slot, now) => isFreeFor(slot, now, 'online');

/** Whose session it is; of one of which nothing is known, anybody's. @param {import('../lib/site.js').Site} site @param {any} session */
export const whose = (site, session) => whoseOf(session, site) || t('patient.pool');
