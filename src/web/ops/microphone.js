// The microphone as clips: what is said between start and stop, as a WAV file of the voice pack (PCM, 16 bit, one channel,
// 22,050 samples in a second).

const SAMPLE_RATE = 22050;
/** Nobody reads one clip for longer. */
const LONGEST_MS = 8000;
/** A word's end comes after the key. */
const GOES_ON_MS = 250;

/** One microphone, asked for once. */
export class Microphone {
  constructor() {
    /** @type {MediaStream|null} */
    this.stream = null;
    /** @type {MediaRecorder|null} */
    this.recorder = null;
    this.timer = 0;
  }

  /** Browsers give a microphone only to pages that came over TLS, or from this machine. */
  static get isThere() {
    return !!navigator.mediaDevices && 'MediaRecorder' in window;
  }

  /** Begins; resolves when it listens. @param {(file: Blob|null) => void} onFile the recording; null: it could not be read */
  async start(onFile) {
    if (!this.stream) {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false, autoGainControl: false } });
    }
    /** @type {Blob[]} */
    const parts = [];
    const recorder = new MediaRecorder(this.stream);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => wavOf(new Blob(parts)).then(onFile, () => onFile(null));
    this.recorder = recorder;
    await new Promise((resolve) => {
      recorder.onstart = resolve;
      recorder.start();
    });
    this.timer = /** @type {any} */ (setTimeout(() => this.stop(), LONGEST_MS));
  }

  stop() {
    clearTimeout(this.timer);
    const { recorder } = this;
    this.recorder = null;
    if (recorder) setTimeout(() => recorder.state !== 'inactive' && recorder.stop(), GOES_ON_MS);
  }

  /** Nobody listens any more. */
  close() {
    this.stop();
    const { stream } = this;
    this.stream = null;
    if (stream) setTimeout(() => stream.getTracks().forEach((track) => track.stop()), 2 * GOES_ON_MS);
  }
}

/** @param {Blob} recorded */
async function wavOf(recorded) {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  const sound = await context.decodeAudioData(await recorded.arrayBuffer());
  return new Blob([wavFile(sound.getChannelData(0))], { type: 'audio/wav' });
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
