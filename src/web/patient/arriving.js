// The way to the check-in on the phone: what asks the questions before it is read when somebody has come, not before.

/** Read with the first check-in. @type {{part: typeof import('./arrive.js')|null}} */
const read = { part: null };

/**
 * Checks in. Resolves with what the department says, or null.
 * @param {import('../lib/page.js').Page} page @param {import('./model.js').Model} model @param {any} a the appointment @param {string} code
 * @returns {Promise<any>}
 */
export async function checkIn(page, model, a, code) {
  const part = await import('./arrive.js').catch(() => null);
  // Without a network nobody is checked in either.
  if (!part) {
    page.refuse({ code: 'offline' });
    return null;
  }
  read.part = part;
  return part.checkIn(page, model, a, code);
}

/** Where the answers have sent an appointment, in words. @param {import('./model.js').Model} model @param {string} appointment */
export const sentWords = (model, appointment) => (read.part ? read.part.sentWords(model, appointment) : '');
