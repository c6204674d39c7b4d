// A memory with a bound, for pages that stay open for weeks: what was used last is kept, what was not used for longest goes.

/** @template V @extends {Map<string, V>} */
export class Recent extends Map {
  /** @param {number} most how many are kept */
  constructor(most) {
    super();
    this.most = most;
  }

  /** @param {string} key @returns {V|undefined} */
  get(key) {
    const value = super.get(key);
    // Used now: it goes last.
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** @param {string} key @param {V} value */
  set(key, value) {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.most) this.delete(/** @type {string} */ (this.keys().next().value));
    return this;
  }
}
