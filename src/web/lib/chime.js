// A chime that calls somebody to a page: three notes, made by the browser. One that may not sound yet says so.

/** In hertz, one after the other. */
const NOTES = [880, 1175, 880];
const NOTE_S = 0.16;

const ContextHere = window.AudioContext || /** @type {any} */ (window).webkitAudioContext || null;

/** The page's own sound. */
export class Chime {
  /** @param {() => void} changed whether it can be heard is another */
  constructor(changed) {
    /** @type {AudioContext|null} */
    this.context = null;
    /** How often it has rung. */
    this.rung = 0;
    // A browser lets a page sound once somebody has touched it; a phone takes the sound back for a telephone call.
    const wake = () => {
      if (!this.context && ContextHere) {
        this.context = new ContextHere();
        this.context.onstatechange = changed;
      }
      if (this.context && this.context.state !== 'running') this.context.resume().then(changed, () => {});
    };
    ['pointerdown', 'keydown'].forEach((what) => document.addEventListener(what, wake, true));
  }

  /** Whether this browser has sound at all. */
  get isKnown() {
    return !!ContextHere;
  }

  /** Whether it can be heard. */
  get canRing() {
    return !!this.context && this.context.state === 'running';
  }

  ring() {
    const { context } = this;
    if (!context || !this.canRing) return;
    this.rung += 1;
    NOTES.forEach((hertz, n) => {
      const at = context.currentTime + n * NOTE_S;
      const [tone, loudness] = [context.createOscillator(), context.createGain()];
      tone.frequency.value = hertz;
      loudness.gain.setValueAtTime(0.25, at);
      loudness.gain.exponentialRampToValueAtTime(0.001, at + NOTE_S);
      tone.connect(loudness).connect(context.destination);
      tone.start(at);
      tone.stop(at + NOTE_S);
    });
  }
}
