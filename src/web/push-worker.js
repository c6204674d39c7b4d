// The service worker of notifications: shows what the hospital tells while no page is open, and opens the patient's page.
// A notification lies on a locked phone: number and place, nothing about the person.

import en from '/web/i18n/push_en.js';
import zh from '/web/i18n/push_zh.js';

/** @type {Object<string, Object<string, string>>} */
const CATALOGUES = { zh, en };
const PAGE = '/patient';
const worker = /** @type {any} */ (self);

/** @param {string} text @param {any} told */
const filled = (text, told) => text.replace(/\{(\w+)\}/g, (_whole, name) => String(told[name] || ''));

/**
 * What is shown; of what cannot be read, that there is news.
 * @param {any} told
 */
function notification(told) {
  const language = CATALOGUES[told.language] ? told.language : 'zh';
  const words = CATALOGUES[language];
  const title = words[`push.title.${told.about}`];
  return {
    title: filled(title || words['push.news'], told),
    options: {
      body: title ? filled(words[told.who ? 'push.body_of_clinic' : 'push.body'], told) : '',
      lang: language,
      tag: told.id || 'news',
      icon: '/web/icon.svg',
      renotify: true,
      requireInteraction: told.about === 'called',
    },
  };
}

worker.addEventListener('install', () => worker.skipWaiting());
worker.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('push', (/** @type {any} */ event) => {
  let told = {};
  try {
    told = (event.data && event.data.json()) || {};
  } catch (_unreadable) {
    // there is news all the same
  }
  const { title, options } = notification(told);
  event.waitUntil(worker.registration.showNotification(title, options));
});

worker.addEventListener('notificationclick', (/** @type {any} */ event) => {
  event.notification.close();
  const show = async () => {
    const open = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const page = open.find((/** @type {any} */ one) => new URL(one.url).pathname === PAGE);
    return page ? page.focus() : worker.clients.openWindow(PAGE);
  };
  event.waitUntil(show());
});
