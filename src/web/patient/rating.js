// How was it? Asked once after a visit, in five words with stars; what was said can be changed, or left unsaid. The phone
// remembers which numbers it has asked about: the house tells nobody who said what, not even back to the phone.

import '../i18n/rating.js';
import { h } from '../lib/dom.js';
import { t } from '../lib/i18n.js';

const REMEMBERED = 'jiaohao.rated';
/** So many numbers are remembered, the newest. */
const REMEMBERED_MAX = 50;
/** What so many stars say, in one piece, and where it may be broken. @param {number} n */
const word = (n) => t(`rating.star.${n}`).replace('|', '');
/** @param {number} n */
const broken = (n) => t(`rating.star.${n}`).split('|').map((part, at) => [at ? h('wbr') : null, part]);
const ABOUT = ['waiting', 'explanation', 'kindness', 'place'];

/** What was said of a number; `closed`: it need not be shown any more. @typedef {{stars: number, about: string[], closed: boolean}} Said */

/** @returns {Object<string, Said>} by ticket */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) || '{}') || {};
  } catch {
    return {};
  }
}

/** Also where the browser keeps nothing, for this visit. @type {Object<string, Said>} */
let said = remembered();
/** Whose form has been opened again. */
let changing = '';

/** @param {string} ticket @param {Said} what */
function remember(ticket, what) {
  const others = Object.entries(said).filter(([id]) => id !== ticket).slice(1 - REMEMBERED_MAX);
  said = Object.fromEntries([...others, [ticket, what]]);
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(said));
  } catch {
    // For this visit only.
  }
}

/**
 * The first number that nothing has been said of, or that is being spoken of.
 * @param {import('./home.js').Home} home @param {any[]} seen the last visits' tickets, the newest first
 * @param {(ticket: any) => string} where
 */
export function ratingView(home, seen, where) {
  const asked = seen.find((one) => one.ticket === changing) || seen.find((one) => !said[one.ticket] || !said[one.ticket].closed);
  if (!asked) return again(home, seen);
  const { ticket } = asked;
  const known = said[ticket] || { stars: 0, about: [], closed: false };
  const close = () => {
    remember(ticket, { ...known, closed: true });
    changing = '';
    home.page.draw();
  };
  return h('section', { class: 'block card rating', key: `rating/${ticket}`, 'data-rating': ticket, 'data-stars': String(known.stars) },
    h('div', { class: 'inside' },
      h('h2', { class: 'big-words' }, t(known.stars ? 'rating.thanks' : 'rating.ask')),
      h('p', { class: 'sub' }, [where(asked), asked.number].filter(Boolean).join(' · ')),
      h('div', { class: 'stars', role: 'group', 'aria-label': t('rating.ask') }, [1, 2, 3, 4, 5].map((stars) => h('button', {
        type: 'button', key: stars, 'data-action': 'rate_visit', 'data-star': String(stars), 'aria-pressed': String(known.stars === stars), 'aria-label': t('rating.stars_of', { n: stars, word: word(stars) }),
        onclick: () => rate(home, ticket, { ...known, stars }),
      }, h('b', { class: stars <= known.stars ? 'on' : '', 'aria-hidden': 'true' }, stars <= known.stars ? '★' : '☆'), h('small', { 'aria-hidden': 'true' }, broken(stars))))),
      known.stars
        ? h('div', { class: 'about', role: 'group', 'aria-label': t('rating.about'), key: 'about' }, h('p', { class: 'sub' }, t('rating.about')), ABOUT.map((one) => h('button', {
          type: 'button', class: 'btn', key: one, 'data-about': one, 'aria-pressed': String(known.about.includes(one)),
          onclick: () => rate(home, ticket, { ...known, about: known.about.includes(one) ? known.about.filter((other) => other !== one) : [...known.about, one] }),
        }, t(`rating.about.${one}`))))
        : null,
      h('p', { class: 'sub', key: 'who' }, t('rating.nobody')),
      h('button', { type: 'button', class: 'btn wide', key: 'end', 'data-action': 'rating_close', onclick: close }, t(known.stars ? 'rating.done' : 'rating.skip'))));
}

/** What was said of today's number, and the way to say otherwise. @param {import('./home.js').Home} home @param {any[]} seen */
function again(home, seen) {
  const one = seen.find((ticket) => home.model.dateOf(ticket) === home.model.todayOf(ticket) && said[ticket.ticket].stars);
  if (!one) return null;
  return h('div', { class: 'block rows', key: 'rated', 'data-rated': one.ticket },
    h('button', {
      type: 'button', 'data-action': 'rate_again',
      onclick: () => {
        changing = one.ticket;
        home.page.draw();
      },
    }, h('span', null, t('rating.said'), h('small', null, word(said[one.ticket].stars))), h('span', { class: 'end' }, t('rating.change'))));
}

/** @param {import('./home.js').Home} home @param {string} ticket @param {Said} next */
async function rate(home, ticket, next) {
  const before = said[ticket];
  // At once on the glass; taken back where the house does not take it.
  remember(ticket, next);
  home.page.draw();
  try {
    await home.page.command('rate_visit', { ticket, stars: next.stars, about: next.about });
  } catch {
    remember(ticket, before || { stars: 0, about: [], closed: false });
    home.page.draw();
  }
}
