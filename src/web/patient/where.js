// Where the phone is, for the desk to look at beside the area's code: said by a phone that has been allowed it before (to find
// the nearest hospital) and by no other. Nobody is asked, waits long or is kept out for it.

/** Nobody waits longer, in milliseconds. */
const MOST_MS = 2000;
/** What the phone has known for so long is new enough. */
const OLD_MS = 60000;

async function isAllowed() {
  try {
    return (await navigator.permissions.query({ name: 'geolocation' })).state === 'granted';
  } catch {
    return false; // an older browser, or an address without TLS
  }
}

/** @returns {Promise<{position?: any}>} */
const read = () => new Promise((resolve) => {
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    resolve({ position: { latitude_deg: coords.latitude, longitude_deg: coords.longitude, accuracy_m: coords.accuracy } });
  }, () => resolve({}), { timeout: MOST_MS, maximumAge: OLD_MS });
});

/** What an arrival says of it: nothing, where the phone may not or does not know in time. @returns {Promise<{position?: any}>} */
export function where() {
  /** @type {Promise<{position?: any}>} */
  const late = new Promise((resolve) => setTimeout(() => resolve({}), MOST_MS));
  return Promise.race([late, isAllowed().then((may) => (may ? read() : {}))]);
}
