// Words: one catalogue per language, Chinese first, a switch to English that the browser remembers.
// `data-t` in HTML names the key of an element's text, `data-t-label` of its aria-label, `data-t-hint` of its placeholder.
// Chromium 70 syntax: screens use it.

import en from '../i18n/en.js';
import zh from '../i18n/zh.js';

/** @type {Object<string, Object<string, string>>} */
const CATALOGUES = { zh, en };
const REMEMBERED = 'jiaohao.language';
/** @type {Set<() => void>} */
const listeners = new Set();

function remembered() {
  try {
    const said = localStorage.getItem(REMEMBERED);
    return said && CATALOGUES[said] ? said : 'zh';
  } catch (_refused) {
    return 'zh';
  }
}

let current = remembered();

/** More words, which not every page needs. @param {Object<string, Object<string, string>>} words by language */
export function addWords(words) {
  Object.keys(words).forEach((lang) => Object.assign(CATALOGUES[lang], words[lang]));
}

/** The language in use: `zh` or `en`. */
export function language() {
  return current;
}

/** @param {string} lang */
export function setLanguage(lang) {
  current = CATALOGUES[lang] ? lang : 'zh';
  try {
    localStorage.setItem(REMEMBERED, current);
  } catch (_refused) {
    // A browser that keeps nothing still switches for this visit.
  }
  applyWords(document);
  listeners.forEach((f) => f());
}

/** @param {() => void} listener called after the language changed */
export function onLanguage(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {string} text @param {Object<string, any>|null} [values] */
function fill(text, values) {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole)) : text;
}

/**
 * The words for a key.
 * @param {string} key
 * @param {Object<string, any>|null} [values] for `{name}` in the text
 * @param {string} [lang] another language than the one in use
 */
export function t(key, values, lang) {
  const text = CATALOGUES[lang || current][key];
  return fill(text === undefined ? key : text, values);
}

/** Whether there are words for a key. @param {string} key */
export function has(key) {
  return key in zh;
}

/** The words of a bilingual value of the wire (`{zh, en}`). @param {any} value */
export function said(value) {
  if (!value) return '';
  if (typeof value === 'string') return value;
  return (current === 'en' ? value.en || value.zh : value.zh || value.en) || '';
}

/** A name or its English form, by the language in use. @param {string} name @param {string|null|undefined} nameEn */
export function named(name, nameEn) {
  return (current === 'en' && nameEn ? nameEn : name) || '';
}

/** Puts the words into static HTML. @param {ParentNode} root */
export function applyWords(root) {
  document.documentElement.lang = current === 'zh' ? 'zh-CN' : 'en';
  root.querySelectorAll('[data-t]').forEach((el) => {
    el.textContent = t(el.getAttribute('data-t') || '');
  });
  root.querySelectorAll('[data-t-label]').forEach((el) => {
    el.setAttribute('aria-label', t(el.getAttribute('data-t-label') || ''));
  });
  root.querySelectorAll('[data-t-hint]').forEach((el) => {
    el.setAttribute('placeholder', t(el.getAttribute('data-t-hint') || ''));
  });
}
