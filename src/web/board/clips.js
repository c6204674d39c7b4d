// The site's voice pack on a screen: loads its clips once a version and plays announcements sample by sample at their planned
// moment, without gaps. Chromium 70 syntax.

import { within } from '../lib/http.js';

/** A pack that could not be loaded is asked for again. */
const AGAIN_MS = 10000;
/** One of its files that takes longer does not come. */
const FILE_WITHIN_MS = 15000;
/** How often it is seen whether sound still goes out. */
const LOOK_MS = 2000;
/** Later than this after its moment an announcement is not begun: it would run into the next one. */
const TOO_LATE_S = 0.25;
/** What ends this soon is left to end: another screen of the area was a little faster. */
const ENDS_ANYWAY_S = 0.3;
/** A cut is no click. */
const FADE_S = 0.02;

/** @typedef {{gain: GainNode, sources: AudioBufferSourceNode[], begins: number, endsAt: number, until: number}} Playing `until`: for how long it may be heard, in the context's time */

/** Plays what `said` of an announcement lists. */
export class Clips {
  /** @param {{site: string, onSpoken: (announcement: string) => void, onChange: () => void}} options */
  constructor(options) {
    this.site = options.site;
    this.onSpoken = options.onSpoken;
    this.onChange = options.onChange;
    /** @type {string|null} */
    this.version = null;
    /** Language and words → sound. @type {Map<string, AudioBuffer>|null} */
    this.sounds = null;
    /** @type {AudioContext|null} */
    this.context = null;
    /** No sound goes out: there is no output, or its time stands still. */
    this.dead = false;
    this.lastTime = -1;
    /** @type {Map<string, Playing>} */
    this.playing = new Map();
  }

  /** Why it cannot speak; null: it can. @returns {'none'|'device'|'gesture'|null} */
  get silent() {
    if (!this.sounds || !this.context) return this.version && !AudioContextHere ? 'device' : 'none';
    if (this.dead) return 'device';
    return this.context.state === 'running' ? null : 'gesture';
  }

  /** The pack that the site uses now. @param {string|null} version */
  use(version) {
    if (version === this.version) return;
    this.version = version;
    if (version && AudioContextHere) this.load(version);
    else this.sounds = null;
  }

  /** @param {string} version */
  async load(version) {
    const context = this.open();
    try {
      const path = `/voice/${encodeURIComponent(this.site)}/${encodeURIComponent(version)}/`;
      const pack = JSON.parse(await found(`${path}manifest.json`, (response) => response.text()));
      /** @type {Map<string, AudioBuffer>} */
      const sounds = new Map();
      for (let i = 0; i < pack.clips.length; i += 1) {
        const clip = pack.clips[i];
        const file = await found(path + encodeURIComponent(clip.file), (response) => response.arrayBuffer());
        sounds.set(`${clip.language}/${clip.clip}`, await context.decodeAudioData(file));
      }
      if (this.version !== version) return;
      this.sounds = sounds;
      this.look();
      this.onChange();
    } catch (_failed) {
      setTimeout(() => {
        if (this.version === version) this.load(version);
      }, AGAIN_MS);
    }
  }

  /** @returns {AudioContext} */
  open() {
    if (this.context) return this.context;
    const context = new AudioContextHere();
    context.onstatechange = () => this.onChange();
    setInterval(() => this.look(), LOOK_MS);
    this.context = context;
    return context;
  }

  /** Does sound go out? */
  look() {
    const { context } = this;
    if (!context) return;
    const before = this.dead;
    const stands = context.state === 'running' && context.currentTime === this.lastTime;
    this.lastTime = context.currentTime;
    const decide = (/** @type {boolean} */ hasOutput) => {
      this.dead = stands || !hasOutput;
      if (this.dead !== before) this.onChange();
    };
    const { mediaDevices } = navigator;
    if (mediaDevices && mediaDevices.enumerateDevices) {
      mediaDevices.enumerateDevices().then((all) => decide(all.length === 0 || all.some((one) => one.kind === 'audiooutput')), () => decide(true));
    } else decide(true);
  }

  resume() {
    if (this.context && this.context.state === 'suspended') this.context.resume();
  }

  /** Whether it can say this now. @param {any} a */
  can(a) {
    const { sounds } = this;
    return !!a.said && !!sounds && this.silent === null && a.said.clips.every((/** @type {any} */ one) => sounds.has(one.clip));
  }

  /** Plays it, beginning in so many milliseconds; it is heard when it is allowed. @param {any} a @param {number} waitMs */
  say(a, waitMs) {
    const { context, sounds } = this;
    if (!context || !sounds) return;
    const begins = outputTime(context) + waitMs / 1000;
    const now = context.currentTime;
    if (begins < now - TOO_LATE_S) return;
    const gain = context.createGain();
    gain.gain.value = 0;
    gain.connect(context.destination);
    /** @type {AudioBufferSourceNode[]} */
    const sources = [];
    let endsAt = now;
    for (let time = 0; time < (a.repeat ? 2 : 1); time += 1) {
      a.said.clips.forEach((/** @type {any} */ one) => {
        const source = context.createBufferSource();
        const buffer = /** @type {AudioBuffer} */ (sounds.get(one.clip));
        const at = begins + (time * a.said.ms + one.at_ms) / 1000;
        source.buffer = buffer;
        source.connect(gain);
        // What a busy page begins late is not said over what comes after it: it joins in where it would be by now.
        const gone = Math.max(0, now - at);
        source.start(at + gone, Math.min(gone, buffer.duration));
        sources.push(source);
        endsAt = Math.max(endsAt, at + buffer.duration);
      });
    }
    const last = sources[sources.length - 1];
    this.playing.set(a.announcement, { gain, sources, begins, endsAt, until: -1 });
    last.onended = () => {
      gain.disconnect();
      // What was cut has not been said.
      if (this.playing.delete(a.announcement)) this.onSpoken(a.announcement);
    };
  }

  /**
   * What is known of the line: so long ago it was so. Nothing begins by older knowledge than the one, or goes on by older than
   * the other; the sound itself ends then, also when the page stands still.
   * @param {number} agoMs @param {{beginsByMs: number, goesOnByMs: number}} limits
   */
  allow(agoMs, limits) {
    const { context } = this;
    if (!context) return;
    const now = context.currentTime;
    const known = now - agoMs / 1000;
    this.playing.forEach((one, announcement) => {
      const isHeard = one.until >= 0;
      if (isHeard ? now > one.until : now > one.begins + TOO_LATE_S) this.stop(announcement, one);
      else if (isHeard || known >= one.begins - limits.beginsByMs / 1000) {
        const until = known + limits.goesOnByMs / 1000;
        if (isHeard && until <= one.until) return;
        one.until = until;
        const { gain } = one.gain;
        gain.cancelScheduledValues(now);
        gain.setValueAtTime(1, now);
        gain.setTargetAtTime(0, one.until, FADE_S / 3);
      }
    });
  }

  /** Nothing more of it is said. @param {string} announcement */
  cut(announcement) {
    const one = this.playing.get(announcement);
    const { context } = this;
    if (one && context && one.endsAt - context.currentTime >= ENDS_ANYWAY_S) this.stop(announcement, one);
  }

  /** @param {string} announcement @param {Playing} one */
  stop(announcement, one) {
    const now = /** @type {AudioContext} */ (this.context).currentTime;
    this.playing.delete(announcement);
    one.gain.gain.cancelScheduledValues(now);
    one.gain.gain.setTargetAtTime(0, now, FADE_S / 3);
    one.sources.forEach((source) => source.stop(now + FADE_S));
  }
}

/** @type {any} */
const AudioContextHere = window.AudioContext || /** @type {any} */ (window).webkitAudioContext || null;

/**
 * @template T
 * @param {string} path @param {(response: Response) => Promise<T>} read
 * @returns {Promise<T>}
 */
function found(path, read) {
  return within(FILE_WITHIN_MS, async (signal) => {
    const response = await fetch(path, { credentials: 'same-origin', signal });
    if (!response.ok) throw new Error(String(response.status));
    return read(response);
  });
}

/** What of the context's time goes to the loudspeaker now: sound comes out later than it is made. @param {AudioContext} context */
function outputTime(context) {
  const at = context.getOutputTimestamp ? context.getOutputTimestamp() : null;
  if (!at || !at.performanceTime || at.contextTime === undefined) return context.currentTime;
  const heard = at.contextTime + (performance.now() - at.performanceTime) / 1000;
  return Math.abs(heard - context.currentTime) < 0.5 ? heard : context.currentTime;
}
