// Live figures read from the program's own metrics, for as long as the `ops` stream tells none: totals, rates over the last
// polls, quantiles of the log's sync.

const EVERY_MS = 5000;
/** Rates are over this long. */
const OVER_MS = 60000;

/** @typedef {{name: string, labels: Object<string, string>, value: number}} Sample */

/** Prometheus text as samples. @param {string} text @returns {Sample[]} */
export function parse(text) {
  /** @type {Sample[]} */
  const samples = [];
  for (const line of text.split('\n')) {
    const m = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!m) continue;
    /** @type {Object<string, string>} */
    const labels = {};
    for (const [, key, value] of (m[2] || '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) labels[key] = value;
    samples.push({ name: m[1], labels, value: Number(m[3]) });
  }
  return samples;
}

/** @param {Sample[]} samples @param {string} name @param {Object<string, string>} [labels] @returns {number|null} */
export function sum(samples, name, labels) {
  const found = samples.filter((s) => s.name === name && Object.entries(labels || {}).every(([k, v]) => s.labels[k] === v));
  return found.length ? found.reduce((n, s) => n + s.value, 0) : null;
}

/** @param {Sample[]} samples @param {string} name @param {string} quantile */
function quantileMs(samples, name, quantile) {
  const found = samples.find((s) => s.name === name && s.labels.quantile === quantile);
  return found && Number.isFinite(found.value) ? Math.round(found.value * 10000) / 10 : null;
}

/** Polls while the page is looked at. */
export class Metrics {
  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    /** @type {{at: number, samples: Sample[]}[]} */
    this.polls = [];
    this.read();
    setInterval(() => document.hidden || this.read(), EVERY_MS);
  }

  async read() {
    try {
      const response = await fetch('/metrics', { cache: 'no-store', credentials: 'same-origin' });
      if (!response.ok) return;
      const at = performance.now();
      this.polls.push({ at, samples: parse(await response.text()) });
      this.polls = this.polls.filter((p) => at - p.at <= OVER_MS + EVERY_MS);
      this.onChange();
    } catch {
      // The connection's own band says that the server is away.
    }
  }

  /** Events of a name per minute, from the first to the last poll kept. @param {string} event */
  rate(event) {
    if (this.polls.length < 2) return null;
    const [first, last] = [this.polls[0], this.polls[this.polls.length - 1]];
    const more = (sum(last.samples, 'events_total', { event }) || 0) - (sum(first.samples, 'events_total', { event }) || 0);
    return Math.round((10 * more * 60000) / (last.at - first.at)) / 10;
  }

  /** The figures of the page; null before the first answer. @returns {any} */
  figures() {
    const last = this.polls[this.polls.length - 1];
    if (!last) return null;
    const s = last.samples;
    const free = sum(s, 'disk_free_bytes');
    return {
      calls_per_min: this.rate('patient_called'),
      bookings_per_min: this.rate('place_booked'),
      commit_p50_ms: quantileMs(s, 'log_sync_seconds', '0.5'),
      commit_p99_ms: quantileMs(s, 'log_sync_seconds', '0.99'),
      sockets: sum(s, 'live_connections'),
      outbox_drops: sum(s, 'outbox_dropped_total') || 0,
      records: sum(s, 'log_records_total'),
      disk_free_gb: free === null ? null : Math.round(free / 1e8) / 10,
      commands: {
        done: sum(s, 'commands_total', { outcome: 'done' }) || 0,
        rejected: (sum(s, 'commands_total') || 0) - (sum(s, 'commands_total', { outcome: 'done' }) || 0),
        not_announced: sum(s, 'events_total', { event: 'call_not_announced' }) || 0,
      },
    };
  }
}
