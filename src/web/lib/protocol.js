// The protocol client of every page: hello, subscriptions that resume, commands that are sent again by the same key,
// beats both ways, and an honest word about whether what is shown is current. Chromium 70 syntax: screens use it.

import { ServerClock } from './clock.js';
import { Refusal } from './http.js';
import { idempotencyKey } from './key.js';
import { Questions } from './questions.js';

const VERSION = 1;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 15000;
/** A command without an answer for this long is given back as `no_answer`; what it did is then seen on the streams. */
const ANSWER_WITHIN_MS = 20000;
const HELLO_WITHIN_MS = 5000;
/** Rejections that pass by themselves: the command goes again under its key. */
const PASSING = { overloaded: 1, timed_out: 1, too_many_requests: 1 };

/**
 * @typedef {{epoch: string, offset: number}} Position
 * @typedef {{
 *   onSnapshot: (snapshot: any, reason: string) => void,
 *   onEvent: (event: any, at: string) => void,
 *   onEnded?: (error: Refusal) => void,
 *   onBatch?: () => void,
 * }} StreamHandler
 * @typedef {'idle'|'connecting'|'live'|'offline'|'signed_out'|'stopped'} Status
 */

/** One socket to the engine, kept up. */
export class Protocol {
  /**
   * @param {{token: () => Promise<string|null>, renew: () => Promise<string|null>, url?: string,
   *   clock?: ServerClock, random?: () => number}} options
   */
  constructor(options) {
    this.getToken = options.token;
    this.renewToken = options.renew;
    this.url = options.url || `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
    this.clock = options.clock || new ServerClock();
    this.random = options.random || Math.random;
    /** @type {Status} */
    this.status = 'idle';
    /** Server time of the last frame: what is on the page is at least as old. @type {number|null} */
    this.lastDataAt = null;
    this.lastFrame = 0;
    this.beatS = 2;
    /** The server saves nothing: its disk is full. */
    this.readOnly = false;
    /** @type {Set<() => void>} */
    this.readOnlyListeners = new Set();
    /** The server's version when this page came: what the page itself is. */
    this.version = '';
    /** What a screen says of itself with each beat. @type {() => Object<string, any>} */
    this.about = () => ({});
    this.questions = new Questions({
      ask: () => {
        const id = this.id();
        this.send(Object.assign({ type: 'beat', id }, this.about()));
        return id;
      },
      isOpen: () => !!this.greeted,
      isWhole: () => Array.from(this.streams.values()).every((s) => s.asked === null),
    });
    this.attempt = 0;
    this.nextId = 1;
    this.opened = 0;
    /** @type {WebSocket|null} */
    this.socket = null;
    /** @type {Map<string, any>} */
    this.streams = new Map();
    /** @type {Map<string, any>} */
    this.asked = new Map();
    /** @type {Set<any>} */
    this.commands = new Set();
    /** @type {Set<(status: Status) => void>} */
    this.listeners = new Set();
    /** The connection was lost by silence, which has taken its time already. */
    this.fellSilent = false;
    this.timer = 0;
    this.retry = 0;
    this.refused = 0;
    /** @type {string|null} */
    this.token = null;
    /** @type {string|null} */
    this.stopCode = null;
    window.addEventListener('online', () => this.hurry());
    // Said by the machine itself, long before two beats are missing.
    window.addEventListener('offline', () => this.doubt());
    document.addEventListener('visibilitychange', () => document.hidden || this.hurry());
  }

  /** @param {(status: Status) => void} listener */
  onStatus(listener) {
    this.listeners.add(listener);
    listener(this.status);
  }

  /** Told when the server saves nothing any more, and when it does again. @param {() => void} listener */
  onReadOnly(listener) {
    this.readOnlyListeners.add(listener);
  }

  /** @param {boolean} readOnly */
  saves(readOnly) {
    if (this.readOnly === readOnly) return;
    this.readOnly = readOnly;
    this.readOnlyListeners.forEach((f) => f());
  }

  /** @param {Status} status */
  be(status) {
    if (this.status === status) return;
    this.status = status;
    this.listeners.forEach((f) => f(status));
  }

  /** Connects, and stays connected until `stop`. */
  start() {
    if (!this.timer) this.timer = /** @type {any} */ (setInterval(() => this.watch(), 250));
    this.connect();
  }

  stop() {
    clearInterval(this.timer);
    clearTimeout(this.retry);
    this.timer = 0;
    this.retry = 0;
    this.connecting = null;
    this.drop();
    this.be('idle');
  }

  /** A retry that is waiting is done now: the network or the person is back. */
  hurry() {
    if (this.retry && this.status !== 'stopped') {
      clearTimeout(this.retry);
      this.retry = 0;
      this.connect();
    }
  }

  async connect() {
    this.drop();
    if (this.status === 'idle' || this.status === 'signed_out' || this.status === 'stopped') this.be('connecting');
    /** @type {string|null} */
    let token = null;
    const mine = {};
    this.connecting = mine;
    try {
      token = await (this.refused ? this.renewToken() : this.getToken());
    } catch (_offline) {
      if (this.connecting === mine) {
        this.be('offline');
        this.later(0);
      }
      return;
    }
    if (this.connecting !== mine) return;
    if (!token) {
      this.be('signed_out');
      return;
    }
    this.token = token;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.opened = performance.now();
    this.greeted = false;
    socket.onopen = () => this.send({ type: 'hello', id: this.id(), version: VERSION, token });
    socket.onmessage = (message) => {
      if (this.socket === socket) this.receive(message.data);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost(0);
    };
  }

  /** Something else did not reach the house: the socket is not believed any more, it has to prove itself. */
  doubt() {
    if (this.socket) this.lost(0);
  }

  /** Lets go of the socket without waiting for its end: a dead peer's may take minutes. */
  drop() {
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    this.questions.forget();
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {number} atLeastMs */
  lost(atLeastMs) {
    this.drop();
    this.asked.clear();
    this.streams.forEach((s) => {
      s.asked = null;
    });
    this.be('offline');
    this.later(atLeastMs);
  }

  /** @param {number} atLeastMs */
  later(atLeastMs) {
    clearTimeout(this.retry);
    const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * Math.pow(2, this.attempt));
    this.attempt += 1;
    const wait = Math.max(atLeastMs, ceiling * (0.5 + this.random() / 2));
    this.retry = /** @type {any} */ (
      setTimeout(() => {
        this.retry = 0;
        this.connect();
      }, wait)
    );
  }

  /** Four times a second: is the other side still there, and has any command waited too long? */
  watch() {
    const now = performance.now();
    if (this.socket) {
      const silent = this.greeted ? now - this.lastFrame > 2 * this.beatS * 1000 : now - this.opened > HELLO_WITHIN_MS;
      if (silent) {
        this.fellSilent = true;
        this.lost(0);
      }
    }
    this.commands.forEach((c) => {
      if (now - c.since > ANSWER_WITHIN_MS) this.settle(c, null, new Refusal({ code: 'no_answer' }));
    });
  }

  id() {
    const id = String(this.nextId);
    this.nextId += 1;
    return id;
  }

  /** @param {any} frame */
  send(frame) {
    if (this.socket && this.socket.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  /** @param {string} text */
  receive(text) {
    /** @type {any} */
    let frame;
    try {
      frame = JSON.parse(text);
    } catch (_notJson) {
      this.lost(0);
      return;
    }
    this.lastFrame = performance.now();
    if (this.greeted) this.lastDataAt = this.clock.now();
    switch (frame.type) {
      case 'welcome': return this.onWelcome(frame);
      case 'beat': return this.onBeat(frame);
      case 'subscribed': return this.onSubscribed(frame);
      case 'events': return this.onEvents(frame);
      case 'snapshot': return this.onSnapshot(frame);
      case 'ended': return this.onEnded(frame);
      case 'done': return this.onAnswer(frame);
      case 'rejected': return this.onAnswer(frame);
      case 'bye': return this.onBye(frame);
      default: return undefined; // a newer server may say more than we know
    }
  }

  /** @param {any} frame */
  onWelcome(frame) {
    this.greeted = true;
    this.version = this.version || frame.server || '';
    this.fellSilent = false;
    this.refused = 0;
    this.beatS = frame.beat_s || 20;
    this.clock.follow(frame.now);
    this.lastDataAt = this.clock.now();
    this.saves(frame.read_only === true);
    this.be('live');
    this.streams.forEach((s) => this.ask(s));
    this.commands.forEach((c) => this.dispatch(c));
    this.keepToken();
  }

  /** @param {any} frame */
  onBeat(frame) {
    this.attempt = 0;
    this.saves(frame.read_only === true);
    this.clock.follow(frame.now);
    if (frame.reply_to) {
      this.questions.answered(frame.reply_to);
      return;
    }
    if (this.questions.withBeats) this.questions.ask();
    else this.send(Object.assign({ type: 'beat' }, this.about()));
    this.keepToken();
  }

  /** Renews the token on the open connection when it is about to end. */
  async keepToken() {
    const socket = this.socket;
    try {
      const token = await this.getToken();
      if (token && this.token && token !== this.token && socket === this.socket) {
        this.send({ type: 'refresh_token', id: this.id(), token });
      }
      if (token) this.token = token;
    } catch (failed) {
      // Offline for HTTP while the socket lives: the next beat tries again.
      if (!(failed instanceof Refusal)) throw failed;
    }
  }

  /** @param {any} frame */
  onBye(frame) {
    if (frame.code === 'unauthenticated') this.refused += 1;
    if (frame.reconnect === false && frame.code !== 'unauthenticated') {
      this.drop();
      this.stopCode = frame.code;
      this.be('stopped');
    } else {
      this.lost(frame.after_ms || 0);
    }
  }

  /**
   * Subscribes; what the stream says goes to the handler until `close`.
   * @param {string} stream for example `board:renmin.opd3f`
   * @param {StreamHandler} handler
   * @returns {{close: () => void}}
   */
  subscribe(stream, handler) {
    const subscription = { stream, handler, position: null, asked: null };
    this.streams.set(stream, subscription);
    if (this.greeted) this.ask(subscription);
    return {
      close: () => {
        if (this.streams.get(stream) !== subscription) return;
        this.streams.delete(stream);
        if (this.greeted) this.send({ type: 'unsubscribe', id: this.id(), stream });
      },
    };
  }

  /** @param {any} subscription */
  ask(subscription) {
    const id = this.id();
    subscription.asked = id;
    this.asked.set(id, subscription);
    /** @type {any} */
    const frame = { type: 'subscribe', id, stream: subscription.stream };
    if (subscription.position) frame.since = subscription.position;
    this.send(frame);
  }

  /** @param {any} frame */
  onSubscribed(frame) {
    const s = this.asked.get(frame.reply_to);
    this.asked.delete(frame.reply_to);
    if (!s || s.asked !== frame.reply_to || this.streams.get(s.stream) !== s) return;
    s.asked = null;
    if (frame.missed) frame.missed.forEach((e) => s.handler.onEvent(e.event, e.at));
    else s.handler.onSnapshot(frame.snapshot, 'subscribed');
    s.position = frame.position;
    if (s.handler.onBatch) s.handler.onBatch();
  }

  /** @param {any} frame */
  onEvents(frame) {
    const s = this.streams.get(frame.stream);
    if (!s || s.asked || !s.position) return;
    const events = frame.events.filter((e) => e.offset > s.position.offset);
    if (!events.length) return;
    if (frame.after !== s.position.offset && events.length === frame.events.length) {
      // The chain is broken: something between is missing. Ask from where we stand.
      this.ask(s);
      return;
    }
    events.forEach((e) => {
      this.clock.atLeast(e.at);
      s.handler.onEvent(e.event, e.at);
      s.position = { epoch: s.position.epoch, offset: e.offset };
    });
    if (s.handler.onBatch) s.handler.onBatch();
  }

  /** @param {any} frame */
  onSnapshot(frame) {
    const s = this.streams.get(frame.stream);
    if (!s || s.asked) return;
    s.position = frame.position;
    s.handler.onSnapshot(frame.snapshot, frame.reason || '');
    if (s.handler.onBatch) s.handler.onBatch();
  }

  /** @param {any} frame */
  onEnded(frame) {
    const s = this.streams.get(frame.stream);
    if (!s) return;
    this.streams.delete(frame.stream);
    if (s.handler.onEnded) s.handler.onEnded(new Refusal(frame.error));
  }

  /** Throws away what is known of a stream and asks for all of it. @param {string} stream */
  again(stream) {
    const s = this.streams.get(stream);
    if (!s || s.asked) return;
    s.position = null;
    if (this.greeted) this.ask(s);
  }

  /**
   * Sends a command; answered once, whatever happens to the connection between.
   * @param {string} name @param {any} body
   * @returns {Promise<any>} the result; rejects with a {@link Refusal}
   */
  command(name, body) {
    return new Promise((resolve, reject) => {
      const c = {
        key: idempotencyKey(this.clock.now()),
        command: { [name]: body },
        since: performance.now(),
        tries: 0,
        id: '',
        resolve,
        reject,
      };
      this.commands.add(c);
      if (this.greeted) this.dispatch(c);
    });
  }

  /** @param {any} c */
  dispatch(c) {
    c.id = this.id();
    this.send({ type: 'command', id: c.id, key: c.key, command: c.command });
  }

  /** @param {any} c @param {any} result @param {Refusal|null} error */
  settle(c, result, error) {
    if (!this.commands.delete(c)) return;
    if (error) c.reject(error);
    else c.resolve(result);
  }

  /** @param {any} frame */
  onAnswer(frame) {
    const s = this.asked.get(frame.reply_to);
    if (s) {
      this.asked.delete(frame.reply_to);
      this.onSubscribeRefused(s, new Refusal(frame.error));
      return;
    }
    let command = null;
    this.commands.forEach((c) => {
      if (c.id === frame.reply_to) command = c;
    });
    if (frame.error && frame.error.code === 'read_only') this.saves(true);
    if (command) this.onCommandAnswer(command, frame);
    else if (!this.greeted && frame.error && frame.error.code in PASSING) this.lost(0);
    else if (!this.greeted && frame.error) {
      this.refused += 1;
      if (this.refused > 2) {
        this.drop();
        this.be('signed_out');
      } else this.lost(0);
    }
  }

  /** @param {any} s @param {Refusal} error */
  onSubscribeRefused(s, error) {
    if (this.streams.get(s.stream) !== s || s.asked === null) return;
    if (error.code in PASSING) {
      s.asked = 'later';
      setTimeout(() => this.greeted && this.streams.get(s.stream) === s && this.ask(s), 1000 + this.random() * 1000);
      return;
    }
    this.streams.delete(s.stream);
    if (s.handler.onEnded) s.handler.onEnded(error);
  }

  /** @param {any} c @param {any} frame */
  onCommandAnswer(c, frame) {
    if (frame.type === 'done') {
      this.settle(c, frame.result || {}, null);
      return;
    }
    const error = new Refusal(frame.error);
    if (error.code in PASSING && c.tries < 3) {
      c.tries += 1;
      const wait = error.retryAfterS ? error.retryAfterS * 1000 : 200 * Math.pow(2, c.tries) * (0.5 + this.random());
      setTimeout(() => this.commands.has(c) && this.greeted && this.dispatch(c), wait);
      return;
    }
    this.settle(c, null, error);
  }
}
