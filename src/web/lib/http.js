// The HTTP door for pages: JSON in and out, problem+json as an error with its stable code. Chromium 70 syntax.

/** No answer takes longer: the network has gone silent. */
const WITHIN_MS = 60000;
/** A file goes up as slowly as a poor line lets it. */
const FILE_WITHIN_MS = 120000;

/** What a door refused: `code` is the stable wire code, or one of the page's own (`offline`, `no_answer`). */
export class Refusal extends Error {
  /** @param {any} error as on the wire: code, title, detail, valid_now */
  constructor(error) {
    super((error && (error.detail || error.title)) || (error && error.code) || 'refused');
    this.name = 'Refusal';
    this.code = (error && error.code) || 'internal';
    this.title = (error && error.title) || '';
    this.detail = (error && error.detail) || '';
    /** What would be valid now, by name. @type {Object<string, any>} */
    this.validNow = {};
    const valid = error && error.valid_now;
    if (Array.isArray(valid)) {
      valid.forEach((pair) => {
        if (Array.isArray(pair)) this.validNow[pair[0]] = pair[1];
      });
    } else if (valid && typeof valid === 'object') Object.assign(this.validNow, valid);
    this.retryAfterS = (error && error.retry_after_s) || 0;
    /** The page has waited long enough; the house may be there all the same. */
    this.gaveUp = false;
  }
}

/** Refusals that time alone mends. */
const PASSING = ['offline', 'timed_out', 'overloaded', 'too_many_requests', 'recovering'];

/** Whether the same may be asked again after a while. @param {any} refusal */
export const isPassing = (refusal) => !!refusal && PASSING.indexOf(refusal.code) >= 0;

/**
 * A request that is given up when it takes longer, its body too: as good as no answer. A browser without the means for it waits.
 * @template T
 * @param {number} ms @param {(signal: AbortSignal|undefined) => Promise<T>} ask
 * @returns {Promise<T>}
 */
export async function within(ms, ask) {
  const late = typeof AbortController === 'undefined' ? null : new AbortController();
  const timer = setTimeout(() => late && late.abort(), ms);
  try {
    return await ask(late ? late.signal : undefined);
  } catch (failed) {
    if (late && late.signal.aborted) throw Object.assign(new Refusal({ code: 'offline' }), { gaveUp: true });
    throw failed;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{body?: any, file?: Blob, token?: string|null, key?: string, signal?: AbortSignal, heard?: (headers: Headers) => void}} [options]
 *   `file`: a body as it stands; `heard`: is given what came with the answer, a refusal too
 * @returns {Promise<any>} the parsed body; null when there is none
 */
export async function call(method, path, options) {
  const o = options || {};
  /** @type {Object<string, string>} */
  const headers = { Accept: 'application/json' };
  if (o.file) headers['Content-Type'] = o.file.type;
  else if (o.body !== undefined) headers['Content-Type'] = 'application/json';
  if (o.token) headers.Authorization = `Bearer ${o.token}`;
  if (o.key) headers['Idempotency-Key'] = o.key;
  const ask = async (/** @type {AbortSignal|undefined} */ signal) => {
    const response = await fetch(path, {
      method,
      headers,
      body: o.file || (o.body === undefined ? undefined : JSON.stringify(o.body)),
      credentials: 'same-origin',
      cache: 'no-store',
      signal,
    });
    return { response, text: await response.text() };
  };
  /** @type {{response: Response, text: string}} */
  let answer;
  try {
    // Who brings a signal has patience of their own.
    answer = await (o.signal ? ask(o.signal) : within(o.file ? FILE_WITHIN_MS : WITHIN_MS, ask));
  } catch (failed) {
    if (failed && (failed.name === 'AbortError' || failed instanceof Refusal)) throw failed;
    throw new Refusal({ code: 'offline' });
  }
  const { response, text } = answer;
  if (o.heard) o.heard(response.headers);
  /** @type {any} */
  let body = null;
  if (text) {
    try {
      body = JSON.parse(text);
    } catch (_notJson) {
      body = { detail: '' };
    }
  }
  if (!response.ok) {
    // a house that is still starting is as good as none: nobody is signed out by it
    if (body && body.code === 'recovering') throw new Refusal({ code: 'offline' });
    const error = Object.assign({ code: response.status === 401 ? 'unauthenticated' : 'internal' }, body);
    error.retry_after_s = Number(response.headers.get('Retry-After')) || 0;
    throw new Refusal(error);
  }
  return body;
}

/**
 * A file, as it stands.
 * @param {string} path @param {string} kind its content type @param {string|null} token
 * @returns {Promise<Blob>}
 */
export async function file(path, kind, token) {
  const headers = { Accept: kind, ...(token ? { Authorization: `Bearer ${token}` } : null) };
  return within(FILE_WITHIN_MS, async (signal) => {
    /** @type {Response} */
    let response;
    try {
      response = await fetch(path, { headers, credentials: 'same-origin', cache: 'no-store', signal });
    } catch (_failed) {
      throw new Refusal({ code: 'offline' });
    }
    if (!response.ok) throw new Refusal(await response.json().catch(() => null));
    return response.blob();
  });
}
