// A real server for the browser's tests: the program on an empty folder, a small house defined over HTTP, and Chromium.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const PROGRAM = path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target'), 'debug/jiaohao');
export const PASSWORD = 'a-long-password';

const freePort = () => new Promise((resolve) => {
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

/** A resident identity number with its check character. */
export function residentNumber(first17) {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return first17 + '10X98765432'[[...first17].reduce((sum, digit, i) => sum + digit * weights[i], 0) % 11];
}

/** Starts the program; resolves when its doors are open. */
export async function startHouse() {
  assert.ok(fs.existsSync(PROGRAM), `${PROGRAM} is not built: cargo build`);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'jiaohao-pages-'));
  const port = await freePort();
  const program = spawn(PROGRAM, ['serve'], {
    env: { ...process.env, JIAOHAO_SERVER__LISTEN: `127.0.0.1:${port}`, JIAOHAO_DATA__DIR: path.join(dir, 'data') },
  });
  let said = '';
  // The first token is on stdout, everything else that it says on stderr.
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const ready = await fetch(`${base}/readyz`).then((r) => r.ok, () => false);
    if (ready && /eyJ[\w.-]+/.test(said)) break;
    assert.ok(tries < 300 && program.exitCode === null, `the program did not come up:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  let token = /eyJ[\w.-]+/.exec(said)[0];
  const call = async (method, resource, body) => {
    const response = await fetch(`${base}/api/v1${resource}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key() },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${resource}: ${text}`);
    return text ? JSON.parse(text) : null;
  };
  // The token of an empty folder ends with the first operator's sign-in.
  token = (await call('POST', '/tokens', { name: 'tests', role: 'operator', ttl_s: 86400 })).access_token;
  const stop = () => new Promise((resolve) => {
    program.once('exit', () => {
      fs.rmSync(dir, { recursive: true, force: true });
      resolve();
    });
    program.kill('SIGTERM');
  });
  return { base, call, stop };
}

/** A hospital with two departments, three queues, a doctor, a desk and an operator. */
export async function defineHouse({ call }) {
  await call('PUT', '/sites', { id: 'renmin', name: '人民医院', time_zone: 'Asia/Shanghai' });
  await call('PUT', '/departments', { id: 'renmin.xinnei', name: '心内科', name_en: 'Cardiology', settings: {} });
  await call('PUT', '/departments', { id: 'renmin.yanke', name: '眼科' });
  await call('PUT', '/service-points', { id: 'renmin.xinnei.r3', name: '3号诊室', name_en: 'Room 3', order: 3, door_cap: 0 });
  await call('PUT', '/doctors', { id: 'renmin.liming', name: '李明', title: '主任医师', departments: ['renmin.xinnei'] });
  await call('PUT', '/queues', { id: 'renmin.xinnei.liming', name: '李明门诊', prefix: 'A', doctors: ['renmin.liming'] });
  await call('PUT', '/queues', { id: 'renmin.xinnei.putong', name: '普通门诊', prefix: 'C', doctors: [] });
  await call('PUT', '/queues', { id: 'renmin.yanke.pool', name: '眼科门诊', prefix: 'E', doctors: [] });
  await call('PUT', '/boards', { id: 'renmin.b3f', name: '心内科候诊区', queues: ['renmin.xinnei.liming', 'renmin.xinnei.putong'] });
  await call('PUT', '/staff', { id: 'liming', role: 'doctor', password: PASSWORD, doctor: 'renmin.liming' });
  await call('PUT', '/staff', { id: 'fenzhen', role: 'desk', password: PASSWORD, site: 'renmin' });
  await call('PUT', '/staff', { id: 'yunxing', role: 'operator', password: PASSWORD, site: 'renmin' });
}

export const browser = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** Opens a page in a browser of its own; whatever the page complains about fails the test at the end. */
export async function open(chrome, base, size, where, complaints) {
  const context = await chrome.newContext({ viewport: size });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  page.on('pageerror', (error) => complaints.push(`${where}: ${error.stack}`));
  page.on('console', (message) => {
    // The first question after the cookie is answered 401 when nobody is signed in yet; refused commands are tested as such.
    if (message.type() === 'error' && !/status of 401/.test(message.text())) complaints.push(`${where}: ${message.text()}`);
  });
  await page.goto(base + where);
  return page;
}

export async function signIn(page, name) {
  await page.fill('[name=name]', name);
  await page.fill('[name=password]', PASSWORD);
  await page.click('[data-action=sign_in]');
}
