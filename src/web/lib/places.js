// Which places of a session can be had, and by whom: the server says it of each slot, and no page has a rule of its own.

/** Whether a slot takes place and is not over. @param {any} slot @param {number} now server time */
export const isAhead = (slot, now) => slot.open && now < Date.parse(slot.bookable_until);

/**
 * Whether a place in it can be had at once: there is one left for who asks, and they may book by now.
 * @param {any} slot @param {number} now server time @param {'online'|'desk'} channel by which they ask
 */
export const isFree = (slot, now, channel) => isAhead(slot, now) && slot.free_for[channel] > 0 && (!slot.bookable_from || now >= Date.parse(slot.bookable_from));
