// The microphone as clips: what is said between start and stop, as a WAV file of the voice pack (PCM, 16 bit, one channel,
// 22,050 samples in a second), and how loud it is.

const SAMPLE_RATE = 22050;
/** Nobody reads one clip for longer: the key for its end was forgotten. */
export const LONGEST_MS = 8000;
/** A word's end comes after the key. */
const GOES_ON_MS = 250;
/** So little is looked at at once: a hundredth of a second. */
const PIECE = 220;
/** The loudest piece of a voice that is hardly more than its room (root of the mean square, 1 is full). */
const QUIET = 0.012;
/** What a microphone cannot follow any more is cut off at the top; so many samples of it are heard. */
const FULL = 0.99;
const FULL_SAMPLES = 66;

/**
 * How a recording ended: by the key, by being too long, because the microphone is gone, or with sound that cannot be read. Only
 * what ended by the key has a file.
 * @typedef {{end: 'asked'|'too_long'|'gone'|'unreadable', file?: Blob, loudness?: 'good'|'too_quiet'|'too_loud'}} Recorded
 */

/** One microphone, asked for once, and again when it was unplugged. */
export class Microphone {
  constructor() {
    /** @type {MediaStream|null} */
    this.stream = null;
    /** @type {AudioContext|null} */
    this.context = null;
    /** @type {AnalyserNode|null} */
    this.meter = null;
    /** @type {{recorder: MediaRecorder, end: 'asked'|'too_long'|'gone'|'left', timer: number}|null} */
    this.recording = null;
    /** How often it was closed: who waited for it meanwhile does not get it. */
    this.closed = 0;
  }

  /** Browsers give a microphone only to pages that came over TLS, or from this machine. */
  static get isThere() {
    return !!navigator.mediaDevices && 'MediaRecorder' in window;
  }

  /**
   * Begins. @param {(recorded: Recorded) => void} onEnd is not called for what was left before its end
   * @returns {Promise<boolean>} whether it listens; not when it was closed or unplugged meanwhile
   */
  async start(onEnd) {
    const { closed } = this;
    if (!this.stream?.active) {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, autoGainControl: false } });
      if (this.closed !== closed) {
        letGo(stream);
        return false;
      }
      this.use(stream);
    }
    const recorder = new MediaRecorder(/** @type {MediaStream} */ (this.stream));
    // A recorder whose microphone is unplugged stops by itself.
    const recording = { recorder, end: /** @type {'asked'|'too_long'|'gone'|'left'} */ ('gone'), timer: 0 };
    this.recording = recording;
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = (event) => parts.push(event.data);
    await new Promise((resolve) => {
      recorder.onstart = resolve;
      recorder.onstop = () => {
        clearTimeout(recording.timer);
        if (this.recording === recording) this.recording = null;
        resolve(null);
        const { end } = recording;
        if (end === 'asked') recordedOf(new Blob(parts)).then(onEnd, () => onEnd({ end: 'unreadable' }));
        else if (end !== 'left') onEnd({ end });
      };
      recorder.start();
    });
    if (this.recording !== recording) return false;
    recording.timer = /** @type {any} */ (setTimeout(() => end(recording, 'too_long'), LONGEST_MS));
    return true;
  }

  /** The word has been read. */
  stop() {
    const { recording } = this;
    if (!recording || recording.end !== 'gone') return;
    clearTimeout(recording.timer);
    recording.end = 'asked';
    recording.timer = /** @type {any} */ (setTimeout(() => end(recording, 'asked'), GOES_ON_MS));
  }

  /** What is being read is thrown away, or it does not even begin; the microphone stays. */
  drop() {
    const { recording } = this;
    if (!recording) this.closed += 1;
    else if (recording.end === 'gone') end(recording, 'left');
    this.recording = null;
  }

  /** Nobody listens any more. What was read to its end is given away all the same. */
  close() {
    this.closed += 1;
    const { recording } = this;
    if (recording) end(recording, recording.end === 'asked' ? 'asked' : 'left');
    this.recording = null;
    this.use(null);
  }

  /** @param {MediaStream|null} stream instead of the one before */
  use(stream) {
    if (this.stream) letGo(this.stream);
    if (this.context) this.context.close();
    this.stream = stream;
    this.context = stream && new AudioContext();
    this.meter = this.context && this.context.createAnalyser();
    if (stream && this.context && this.meter) this.context.createMediaStreamSource(stream).connect(this.meter);
  }

  /** The highest sample of the last moment, from 0 to 1. */
  level() {
    if (!this.meter) return 0;
    const samples = new Float32Array(this.meter.fftSize);
    this.meter.getFloatTimeDomainData(samples);
    return samples.reduce((highest, one) => Math.max(highest, Math.abs(one)), 0);
  }
}

/** @param {{recorder: MediaRecorder, end: string}} recording @param {'asked'|'too_long'|'left'} how */
function end(recording, how) {
  recording.end = how;
  if (recording.recorder.state !== 'inactive') recording.recorder.stop();
}

/** @param {MediaStream} stream */
const letGo = (stream) => stream.getTracks().forEach((track) => track.stop());

/** @param {Blob} recorded @returns {Promise<Recorded>} */
async function recordedOf(recorded) {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const samples = (await context.decodeAudioData(await recorded.arrayBuffer())).getChannelData(0);
  return { end: 'asked', file: new Blob([wavFile(samples)], { type: 'audio/wav' }), loudness: loudnessOf(samples) };
}

/** @param {Float32Array} samples */
function loudnessOf(samples) {
  if (samples.filter((one) => Math.abs(one) >= FULL).length >= FULL_SAMPLES) return 'too_loud';
  const pieces = Array.from({ length: Math.floor(samples.length / PIECE) }, (_, i) => samples.subarray(i * PIECE, (i + 1) * PIECE));
  const isHeard = pieces.some((piece) => Math.sqrt(piece.reduce((sum, one) => sum + one * one, 0) / piece.length) >= QUIET);
  return isHeard ? 'good' : 'too_quiet';
}

/** @param {Float32Array} samples */
function wavFile(samples) {
  const file = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (/** @type {number} */ at, /** @type {string} */ words) => Array.from(words, (c, i) => file.setUint8(at + i, c.charCodeAt(0)));
  text(0, 'RIFF');
  file.setUint32(4, 36 + samples.length * 2, true);
  text(8, 'WAVEfmt ');
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, SAMPLE_RATE, true);
  file.setUint32(28, SAMPLE_RATE * 2, true);
  file.setUint16(32, 2, true);
  file.setUint16(34, 16, true);
  text(36, 'data');
  file.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, i) => file.setInt16(44 + i * 2, Math.max(-1, Math.min(1, sample)) * 32767, true));
  return file.buffer;
}
