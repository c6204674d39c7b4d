// A small hospital for the browser's tests: the real program on an empty folder with an accelerated clinic clock, its
// configuration over HTTP, and Chromium pages that complain about nothing.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const PROGRAM = process.env.JIAOHAO_BIN ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target'), 'debug/jiaohao');
/** The same Chromium without the desktop's parts around it, which cost more than the pages. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';
export const PASSWORD = 'a-long-password';
export const TODAY = '2026-11-23';
export const TOMORROW = '2026-11-24';
const HALF_HOURS = ['08:00', '08:30', '09:00', '09:30', '10:00', '10:30', '11:00', '11:30'].map((start) => ({ start, minutes: 30, capacity: 6 }));
/** The whole morning as one slot: the order does not depend on how long a test takes. */
export const ONE_SLOT = [{ start: '08:30', minutes: 240, capacity: 30 }];
/** How long a page may take to show something, in milliseconds: a busy machine is slow, a broken page never shows it. */
const PATIENCE_MS = 30000;

export const SIZES = {
  desk: { width: 1440, height: 900 }, console: { width: 1440, height: 900 }, caller: { width: 320, height: 120 }, phone: { width: 390, height: 844 }, screen: { width: 1920, height: 1080 },
};

/** It serves, be it read-only. @param {Response} ready */
const isUp = async (ready) => ready.ok || /read-only/.test(await ready.text());

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const freePort = () => new Promise((resolve) => {
  const probe = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

/** A UUIDv7 of now. */
function key() {
  const bytes = crypto.randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 15) | 0x70;
  bytes[8] = (bytes[8] & 63) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A made-up resident identity number with its check character. */
export function residentNumber(birthDate, serial) {
  const first17 = `110105${birthDate.replaceAll('-', '')}${String(serial).padStart(3, '0')}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return first17 + '10X98765432'[[...first17].reduce((sum, digit, i) => sum + digit * weights[i], 0) % 11];
}

/** The program on a folder of its own. */
export class Hospital {
  /**
   * @param {{start?: string, speed?: number}} [clock] when the clinic's day begins, and how much faster it runs
   * @param {Object<string, string>} [settings] of the program, as `JIAOHAO_SECTION__KEY`
   */
  constructor(clock = {}, settings = {}) {
    this.settings = settings;
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'jiaohao-pages-'));
    this.start = clock.start ?? `${TODAY}T08:30:00+08:00`;
    this.speed = clock.speed ?? 30;
    this.outbox = path.join(this.dir, 'outbox');
  }

  /**
   * Starts the program (again, on the same folder and port); resolves when its doors are open.
   * @param {string} [at] the clinic's time from here on; without it the clock goes on from where it was
   */
  async open(at) {
    this.start = at ?? this.start;
    assert.ok(fs.existsSync(PROGRAM), `there is no program at ${PROGRAM}: build it (cargo build --workspace) or name it in JIAOHAO_BIN`);
    assert.ok(fs.existsSync(CHROMIUM), `there is no browser at ${CHROMIUM}: install chromium-headless-shell or name it in CHROMIUM`);
    this.port ??= await freePort();
    this.base = `http://127.0.0.1:${this.port}`;
    let said = '';
    this.said = () => said;
    this.program = spawn(PROGRAM, ['serve', '--test-clock', this.start, '--speed', String(this.speed), '--test-outbox', this.outbox], {
      env: { ...process.env, JIAOHAO_SCREENS__MAKE_VOICE: 'false', JIAOHAO_SERVER__LISTEN: `127.0.0.1:${this.port}`, JIAOHAO_DATA__DIR: path.join(this.dir, 'data'), ...this.settings },
    });
    // The first token and the link to /setup are on stdout, everything else that it says on stderr.
    for (const stream of [this.program.stdout, this.program.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
      });
    }
    const { program } = this;
    for (let tries = 0; ; tries += 1) {
      this.token ??= /eyJ[\w.-]+/.exec(said)?.[0];
      this.link ??= /^http\S+\/setup#\S+$/m.exec(said)?.[0];
      if (this.token && await fetch(`${this.base}/readyz`).then(isUp, () => false)) return this;
      assert.ok(tries < 600 && program.exitCode === null, `the program did not come up:\n${said}`);
      await pause(50);
    }
  }

  /** The clinic's time jumps ahead: the desk signs in anew. @param {string} at */
  async sleepUntil(at) {
    await this.end('SIGKILL');
    await this.open(at);
    this.desk = await this.signIn('fenzhen');
  }

  /** @param {'SIGTERM'|'SIGKILL'} signal */
  end(signal) {
    const { program } = this;
    if (!program || program.exitCode !== null || program.signalCode) return Promise.resolve();
    return new Promise((resolve) => {
      program.once('exit', resolve);
      program.kill(signal);
    });
  }

  async close() {
    await this.end('SIGKILL');
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  /** A command of the HTTP door, as the operator of the first set-up or with another token. */
  async call(method, resource, body, token = this.token) {
    const response = await fetch(`${this.base}/api/v1${resource}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key() },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${resource}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** Signs a member of staff in over HTTP: a token for `call`. */
  async signIn(name) {
    return (await this.call('POST', '/session', { name, password: PASSWORD })).access_token;
  }

  /** Signs a phone in over HTTP: a token for `call`. */
  async signInPhone(phone) {
    const { device } = await this.call('POST', '/session/code', { phone });
    return (await this.call('POST', '/session', { phone, code: this.codeOf(phone), device })).access_token;
  }

  /** A token that the program's own command line makes for the folder. @param {string[]} what @returns {string} */
  issueToken(...what) {
    return execFileSync(PROGRAM, ['token', 'issue', '--data', path.join(this.dir, 'data'), ...what], { encoding: 'utf8' }).trim();
  }

  /** The one-time code last sent to a phone. */
  codeOf(phone) {
    const lines = fs.existsSync(this.outbox) ? fs.readFileSync(this.outbox, 'utf8').trim().split('\n') : [];
    const last = lines.findLast((line) => line.split(' ')[0].endsWith(phone));
    assert.ok(last, `no code was sent to ${phone}`);
    return last.split(' ')[1];
  }

  /** Two departments: cardiology with two doctors and a pool, ophthalmology with one doctor; a board, a desk, an operator. */
  async define(slots = HALF_HOURS) {
    // The token of an empty folder ends with the first operator's sign-in.
    this.token = (await this.call('POST', '/tokens', { name: 'tests', role: 'operator', ttl_s: 86400 })).access_token;
    const put = (resource, body) => this.call('PUT', resource, body);
    await put('/sites', { id: 'renmin', name: '人民医院', name_en: "People's Hospital", time_zone: 'Asia/Shanghai' });
    await put('/departments', { id: 'renmin.xinnei', name: '心内科', name_en: 'Cardiology' });
    await put('/departments', { id: 'renmin.yanke', name: '眼科', name_en: 'Ophthalmology' });
    await put('/service-points', { id: 'renmin.xinnei.r3', name: '3号诊室', name_en: 'Room 3', order: 3, door_cap: 0 });
    await put('/service-points', { id: 'renmin.xinnei.r5', name: '5号诊室', name_en: 'Room 5', order: 5, door_cap: 1 });
    await put('/service-points', { id: 'renmin.yanke.r1', name: '眼科1诊室', name_en: 'Eye room 1', order: 1, door_cap: 0 });
    await put('/doctors', { id: 'renmin.liming', name: '李明', title: '主任医师', departments: ['renmin.xinnei'] });
    await put('/doctors', { id: 'renmin.zhoujing', name: '周静', title: '副主任医师', departments: ['renmin.xinnei'] });
    await put('/doctors', { id: 'renmin.wangfang', name: '王芳', title: '主治医师', departments: ['renmin.yanke'] });
    await put('/queues', { id: 'renmin.xinnei.liming', name: '李明门诊', prefix: 'A', doctors: ['renmin.liming'] });
    await put('/queues', { id: 'renmin.xinnei.zhoujing', name: '周静门诊', prefix: 'B', doctors: ['renmin.zhoujing'] });
    await put('/queues', { id: 'renmin.yanke.wangfang', name: '王芳门诊', prefix: 'E', doctors: ['renmin.wangfang'] });
    const session = (id, queue, doctor, point, grade, fee) => put('/sessions', {
      id, date: TODAY, period: 'morning', queue, doctor, service_point: point, registration_class: grade, fee_fen: fee, slots,
    });
    await session('renmin.xinnei.s1', 'renmin.xinnei.liming', 'renmin.liming', 'renmin.xinnei.r3', '主任', 5000);
    await session('renmin.xinnei.s2', 'renmin.xinnei.zhoujing', 'renmin.zhoujing', 'renmin.xinnei.r5', '副主任', 3000);
    await session('renmin.yanke.s1', 'renmin.yanke.wangfang', 'renmin.wangfang', 'renmin.yanke.r1', '普通', 1000);
    await put('/boards', {
      id: 'renmin.b3f', name: '心内科 候诊区 3F', name_en: 'Cardiology', english: true, speaks: true,
      queues: ['renmin.xinnei.liming', 'renmin.xinnei.zhoujing'],
    });
    await put('/staff', { id: 'liming', role: 'doctor', password: PASSWORD, site: 'renmin', doctor: 'renmin.liming' });
    await put('/staff', { id: 'zhoujing', role: 'doctor', password: PASSWORD, site: 'renmin', doctor: 'renmin.zhoujing' });
    await put('/staff', { id: 'wangfang', role: 'doctor', password: PASSWORD, site: 'renmin', doctor: 'renmin.wangfang' });
    await put('/staff', { id: 'fenzhen', role: 'desk', password: PASSWORD, site: 'renmin' });
    await put('/staff', { id: 'yunxing', role: 'operator', password: PASSWORD, site: 'renmin' });
    this.desk = await this.signIn('fenzhen');
  }

  /** Registers a person at the desk. @returns {Promise<string>} the patient */
  async person(name, birthDate, serial, phone) {
    const answer = await this.call('POST', '/persons', {
      document_kind: 'resident_id', document_number: residentNumber(birthDate, serial), name, sex: serial % 2 ? 'male' : 'female', birth_date: birthDate, phone,
    }, this.desk);
    return answer.patient;
  }

  /** Whom the desk of a department finds by what it types. @returns {Promise<string>} the patient */
  async found(department, text) {
    const answer = await this.call('POST', `/departments/${department}/appointments/find`, { text }, this.desk);
    return [...answer.appointments, ...answer.tickets][0].patient;
  }

  /** Books a place of today at the desk. @returns {Promise<string>} the appointment */
  async book(session, slot, patient) {
    return (await this.call('POST', '/appointments', { session, slot: `${session}.${slot.replace(':', '')}`, patient }, this.desk)).appointment;
  }
}

/** The outside parties, played by `jiaohao sandbox`. */
export class Sandbox {
  async start() {
    const port = await freePort();
    this.base = `http://127.0.0.1:${port}`;
    this.program = spawn(PROGRAM, ['sandbox', 'all', '--port', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for await (const chunk of this.program.stdout) {
      said += chunk;
      if (/\[push\][^]*url = .*\n/.test(said)) break;
    }
    /** What it prints, as the program's variables. @type {Object<string, string>} */
    this.settings = {};
    let section = '';
    for (const line of said.split('\n')) {
      const head = /^\[(\w+)\]$/.exec(line);
      const field = /^(\w+) = "(.*)"$/.exec(line);
      if (head) section = head[1];
      else if (field) this.settings[`JIAOHAO_${section}__${field[1]}`.toUpperCase()] = field[2];
    }
    return this;
  }

  /** The first message that came and fits. @param {(message: any) => boolean} fits */
  async came(fits) {
    for (let tries = 0; tries < 600; tries += 1) {
      const { sent } = await (await fetch(`${this.base}/sent`)).json();
      const found = sent.find(fits);
      if (found) return found;
      await pause(50);
    }
    throw new Error('nothing came');
  }

  /** In whose WeChat pages are opened from now on. @param {string} query */
  hold(query) {
    return fetch(`${this.base}/wechat/holder?${query}`, { method: 'POST' });
  }

  /** Signs a phone in with the code that came by text message. @param {import('playwright-core').Page} page @param {string} number */
  async signIn(page, number) {
    await page.fill('[name=phone]', number);
    await page.click('[data-action=send_code]');
    const { content } = await this.came((one) => one.channel === 'sms' && one.template === 'code' && one.to === `+86${number}`);
    await page.waitForSelector('[name=code]');
    await drawn(page);
    await page.fill('[name=code]', content.code);
    await page.click('[data-action=sign_in]');
  }

  close() {
    this.program?.kill('SIGKILL');
  }
}

/** Chromium, and what its pages complained about. */
export class Browser {
  /** @param {string} base the server's address */
  constructor(base) {
    this.base = base;
    /** @type {string[]} */
    this.complaints = [];
    /** Addresses outside the house that its pages go to on purpose. @type {string[]} */
    this.outside = [];
    /** While the server is down on purpose, a page cannot reach it. */
    this.serverIsDown = false;
  }

  /** @param {string[]} more arguments for Chromium */
  async start(more = []) {
    this.chromium = await chromium.launch({
      executablePath: CHROMIUM,
      args: [...more, '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    return this;
  }

  close() {
    return this.chromium?.close();
  }

  /**
   * Opens a page in a browser context of its own (its own storage, its own sign-in).
   * @param {string} where @param {{width: number, height: number}} size
   * @param {(() => void)|null} listen runs in the page before anything of it does
   * @param {import('playwright-core').BrowserContextOptions} more of the context
   */
  async open(where, size, listen = null, more = {}) {
    const context = await this.chromium.newContext({ ...more, viewport: size, locale: 'zh-CN', isMobile: size === SIZES.phone, hasTouch: size === SIZES.phone });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const complain = (text) => this.complaints.push(`${where}: ${text}`);
    page.on('pageerror', (error) => complain(error.stack));
    page.on('console', (message) => {
      if (message.type() !== 'error' || this.serverIsDown) return;
      // The browser notes every answer of 400 and above. A page that asks whether somebody is signed in is told 401.
      if (/status of 401/.test(message.text()) && /\/api\/v1\/session(\/refresh)?$/.test(message.location().url)) return;
      complain(message.text());
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.host !== new URL(this.base).host && !this.outside.includes(url.origin)) complain(`asked another origin: ${url.origin}`);
    });
    await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
    }));
    if (listen) await page.addInitScript(listen);
    await page.goto(this.base + where);
    return page;
  }

  /** A staff page with somebody signed in through its form. */
  async staff(where, size, name) {
    const page = await this.open(where, size);
    await page.fill('[name=name]', name);
    await page.fill('[name=password]', PASSWORD);
    await page.click('[data-action=sign_in]');
    await page.waitForSelector('jh-connection[state=live]');
    return page;
  }
}

/** What can be pressed or filled in, as it is seen now; disabled ones are not meant. */
export const CONTROLS = 'a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled, summary, [tabindex="0"]';
/** The least a finger or an unsteady hand needs; of the small caller, whose window is 120 high, what WCAG asks for. */
const TARGET_PX = 44;
const TARGET_OF_CALLER_PX = 24;

/**
 * Targets that are too small, by their own box or that of the label that presses them; a link within a text is as high as its line.
 * @param {import('playwright-core').Page} page @param {number} [usual]
 */
export const smallTargets = (page, usual = TARGET_PX) => page.evaluate(([selector, px, ofCaller]) => {
  const least = document.querySelector('.caller') ? ofCaller : px;
  return [...document.querySelectorAll(selector)]
    .filter((one) => one.checkVisibility() && !one.closest('[inert]') && !(one.localName === 'a' && getComputedStyle(one).display === 'inline'))
    .map((one) => [one, (/^(checkbox|radio)$/.test(one.type) && one.closest('label') || one).getBoundingClientRect()])
    .filter(([, box]) => box.height && (box.height < least - 0.5 || box.width < least - 0.5))
    .map(([one, box]) => `${Math.round(box.width)} × ${Math.round(box.height)}: ${one.outerHTML.slice(0, 140)}`);
}, [CONTROLS, usual, TARGET_OF_CALLER_PX]);

/** WCAG 2.2 AA on a page as it stands, as far as a program can tell. @param {import('playwright-core').Page} page */
export async function looks(page) {
  await rest(page);
  await page.evaluate(fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
  const found = await page.evaluate(async () => {
    // What changes while it is looked at (a button whose fee arrives) is not seen half way between two colours.
    const still = new CSSStyleSheet();
    still.replaceSync('*, *::before, *::after { transition: none !important; }');
    document.adoptedStyleSheets.push(still);
    const seen = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
    document.adoptedStyleSheets.splice(document.adoptedStyleSheets.indexOf(still), 1);
    return seen;
  });
  const faults = found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | ')}`);
  assert.deepEqual(faults, [], page.url());
  assert.deepEqual(await smallTargets(page), [], page.url());
  assert.notEqual(await page.$('h1'), null, `${page.url()} has a heading`);
}

/** What moves has come to rest: what is measured is what stands there, not what is seen for the tenth of a second of a change. */
const rest = (page) => page.evaluate(async () => {
  const ends = (animation) => animation.effect.getComputedTiming().endTime !== Infinity;
  await Promise.all(document.getAnimations().filter(ends).map((animation) => animation.finished.catch(() => {})));
});

/** Fields that have the focus and are not seen: something lies over their middle, or they are out of sight. @param {import('playwright-core').Page} page @param {string} form */
export const unseenFields = (page, form) => page.$$eval(`${form} :is(input, select, textarea, button):enabled`, (all) => all.filter((one) => one.checkVisibility()).filter((one) => {
  one.focus();
  const { left, top, width, height } = one.getBoundingClientRect();
  const over = document.elementFromPoint(left + width / 2, top + height / 2);
  return !(over && (over === one || one.contains(over)));
}).map((one) => one.outerHTML.slice(0, 120)));

/** Words on a screen that stand out less than 7:1 from the ground that they lie on. */
export const faint = (page, root = 'body') => rest(page).then(() => page.evaluate((selector) => {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const over = (top, ground) => top.slice(0, 3).map((part, n) => part * (top[3] ?? 1) + ground[n] * (1 - (top[3] ?? 1)));
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !node.parentElement.getClientRects().length) continue;
    const around = [];
    for (let one = node.parentElement; one; one = one.parentElement) around.unshift(getComputedStyle(one));
    const ground = around.reduce((under, style) => over(parts(style.backgroundColor), under), [255, 255, 255]);
    const seen = around.reduce((all, style) => all * Number(style.opacity), 1);
    const ink = over([...over(parts(around.at(-1).color), ground), seen], ground);
    const [dark, bright] = [light(ink), light(ground)].sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (contrast < 7) found.push(`${node.data}: ${contrast.toFixed(2)}`);
  }
  return found;
}, root));

/** Runs in the page before anything of it: such a browser knows no module, and runs what is for those who know none. */
export function withoutModules() {
  new MutationObserver((all) => {
    for (const script of all.flatMap((one) => [...one.addedNodes]).filter((node) => node.localName === 'script')) {
      if (script.type === 'module') script.type = 'unknown';
      script.removeAttribute('nomodule');
    }
  }).observe(document, { childList: true, subtree: true });
}

/** What was pressed has been drawn: a page draws once a frame, and a form that is remade forgets what was typed before it. */
export const drawn = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))));

/** Signs a phone in with the code that was sent to it. @param {import('playwright-core').Page} page @param {Hospital} hospital */
export async function signInPhone(page, hospital, number) {
  await page.fill('[name=phone]', number);
  await page.click('[data-action=send_code]');
  await page.waitForSelector('[name=code]');
  await page.fill('[name=code]', hospital.codeOf(number));
  await page.click('[data-action=sign_in]');
}

/** Says on the phone who somebody is: the owner first, then family. @param {string} [relation] */
export async function sayWho(page, name, document, relation) {
  const form = '[data-form=register_person]';
  await page.fill(`${form} [name=name]`, name);
  await page.fill(`${form} [name=number]`, document);
  if (relation) await page.selectOption(`${form} [name=relation]`, relation);
  await page.click('[data-action=register_person]');
}

/** So long a question stands before it takes an answer: nobody has read it sooner. */
const READ_MS = 550;

/** Answers one of the questions before the queue, on a kiosk or a phone; of a temperature that was not taken too. @param {import('playwright-core').Page} page */
export async function answerOne(page, question, answer) {
  const button = await page.waitForSelector(`[data-question=${question}] [data-answer=${answer}]`);
  await pause(READ_MS);
  await button.click();
}

/** Sends what was answered. @param {import('playwright-core').Page} page */
export async function sendAnswers(page) {
  const button = await page.waitForSelector('[data-all-answers] [data-action=send_answers]');
  await pause(READ_MS);
  await button.click();
}

/** So soon after the question a press is the same slip of the hand. */
const SAME_SLIP_MS = 500;

/** Ends who is in hand and calls the next by the key: of who was called a moment ago the first press asks, and the second one is a second later. */
export async function seenByKey(page) {
  await page.keyboard.press('F8');
  await pause(1000);
  if (await page.$('[data-notice=just_called]')) await page.keyboard.press('F8');
}

/** The same with the mouse; `what` ends them. The page says in the next frame whether it asks. @param {import('playwright-core').Page} page */
export async function seenByHand(page, what = '[data-outcome=seen]', press = (button) => page.click(button)) {
  await press(`${what}:enabled`);
  await drawn(page);
  if (!await page.$('[data-notice=just_called]')) return;
  await pause(SAME_SLIP_MS + 50);
  await press(`${what}:enabled`);
}

/** What is in the doctor's hand: the number, or nobody. @param {import('playwright-core').Page} doctor @param {string|null} number */
export async function inHand(doctor, number) {
  if (!number) await doctor.waitForSelector('.hand .nobody');
  else await doctor.waitForSelector(`.hand .person .number:text-is("${number}")`);
}

/** Waits until a column's rows are as said, in this order. */
export async function columnIs(desk, queue, numbers, filter = 'waiting') {
  await desk.click(`[data-filter=${filter}]`);
  const wanted = numbers.join(' ');
  const look = () => desk.$$eval(`[data-queue="${queue}"] [data-row]`, (rows) => rows.map((row) => row.dataset.number).join(' '));
  const until = Date.now() + PATIENCE_MS;
  let now = await look();
  while (now !== wanted) {
    assert.ok(Date.now() < until, `${queue}, ${filter}: ${now} instead of ${wanted}`);
    await pause(50);
    now = await look();
  }
}

/** Shows a ticket in the desk's side. */
export async function choose(desk, number, filter = 'waiting') {
  await desk.click(`[data-filter=${filter}]`);
  await desk.click(`[data-row][data-number="${number}"]`);
  await desk.waitForSelector(`[data-chosen] .number:text-is("${number}")`);
}

/** The first usual reason of the open dialog; where it only fills that in, the button too. */
export async function giveReason(page) {
  await page.click('dialog [data-choice]');
  if (await page.$('dialog[open]')) await page.click('dialog [data-action=dialog_go]');
}
