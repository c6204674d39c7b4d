// The code of a waiting area, which the desk shows and the kiosk.

/**
 * The code, and until when it is the code by this page's own clock: it changes with the machine's minutes, whatever the
 * clinic's clock says.
 * @param {import('./session.js').Session} session @param {string} department
 * @returns {Promise<{code: string, until: number}>}
 */
export async function readAreaCode(session, department) {
  const { code, valid_s: s } = await session.http('GET', `/api/v1/departments/${department}/area-code`);
  // The rest of a second is not said: asked a moment later, it is the next code.
  return { code, until: performance.now() + (s + 1) * 1000 };
}
