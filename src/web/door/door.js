// /door/{id}: the screen beside a room's door: the doctor, who is asked in, who is next. Chromium 70 syntax.

import '../i18n/screens.js';
import { clockOf, wall } from '../lib/clock.js';
import { drawing, find, h, render } from '../lib/dom.js';
import { t } from '../lib/i18n.js';
import { titleWord } from '../lib/words.js';
import { Screen } from '../lib/screen.js';
import { LiveStream } from '../lib/stream.js';

/** @type {LiveStream|null} */
let stream = null;
const draw = drawing(drawNow);
const screen = new Screen({ kind: 'door', draw, onStart: start });

function start() {
  if (stream) stream.close();
  stream = new LiveStream(screen.protocol, `door:${screen.id}`, draw, () => screen.refused());
}

/** @param {string} key @param {any} [values] */
const two = (key, values) => h('span', null, `${t(key, values, 'zh')} `, h('span', { lang: 'en' }, t(key, values, 'en')));

/** Whoever nobody knows is called by the number alone, in whichever language they were registered. @param {any} ticket */
const nameOf = (ticket) => (['zh', 'en'].some((lang) => t('person.nameless_masked', null, lang) === ticket.name) ? '' : ticket.name);

/**
 * What stands where nobody is in the room or asked to its door: a clinic that is to come is one, only its doctor is not here;
 * one that does not take place is said to be that.
 * Without news it is said as it was then, and of a plan that has passed since, nothing.
 * @param {any} value @param {boolean} off @returns {{key: string, time: string}}
 */
function idle(value, off) {
  const then = screen.lastData;
  const as = (/** @type {string} */ key) => ({ key: off ? `door.${key}_at` : `door.${key}`, time: then });
  if (value.state !== 'closed') return as(value.state === 'paused' ? 'paused' : 'wait');
  if (value.stopped) return as('stopped');
  if (!value.coming) return as(value.delay_min ? 'away' : 'closed');
  const opens = clockOf(value.coming.opens);
  const isToCome = Date.parse(value.coming.opens) > screen.protocol.clock.now();
  if (isToCome) return { key: 'board.opens', time: opens };
  return as(off && opens > then ? 'wait' : 'not_begun');
}

/** Whom the board has sent to this door and who has not been called in: the door does not send them back. @param {any} value */
function atDoor(value) {
  const [first] = value.next || [];
  return !value.current && value.state === 'open' && first && first.state === 'summoned' ? first : null;
}

/** @param {any} value @param {boolean} off what is shown may be over by now: said as the last call */
function now(value, off) {
  const first = atDoor(value);
  if (first) {
    return h('section', { class: 'now', key: `door/${first.number}`, 'data-at-door': first.number },
      ['zh', 'en'].map((lang) => h('p', { class: 'label', key: lang, lang: lang === 'en' ? lang : undefined }, t(off ? 'door.wait_here_at' : 'door.wait_here', { time: screen.lastData }, lang))), h('p', { class: 'number num' }, first.number), h('p', { class: 'name' }, nameOf(first)));
  }
  if (!value.current) {
    const { key, time } = idle(value, off);
    const says = (/** @type {'zh'|'en'} */ lang) => t(key, { time, when: value.stopped ? value.stopped.when[lang] : '' }, lang);
    return h('section', { class: 'now', key: 'none', 'data-says': key },
      h('p', { class: 'say' }, says('zh').split(/(?<=,)/).map((part) => h('span', { key: part }, part))), h('p', { class: 'label', lang: 'en' }, says('en')));
  }
  const called = value.current.state !== 'serving';
  const label = off ? 'door.last_call' : called ? 'door.come_in' : 'door.in_room';
  return h('section', { class: `now${called ? ' called' : ''}`, key: value.current.number, 'data-number': value.current.number },
    h('p', { class: 'label' }, two(label)),
    h('p', { class: 'number num' }, value.current.number),
    h('p', { class: 'name' }, nameOf(value.current)));
}

/** What holds everybody up: a pause, unless it stands alone in the middle, and an announced delay. @param {any} value @param {boolean} off */
function heldUp(value, off) {
  const { clock } = screen.protocol;
  const time = !off && value.back_at && Date.parse(value.back_at) > clock.now() ? clockOf(value.back_at) : '';
  const line = (/** @type {string} */ name, /** @type {string} */ key, /** @type {any} */ values) => h('p', { class: 'held-up', key: name, 'data-held-up': name },
    h('span', null, t(key, values, 'zh')), h('small', { lang: 'en' }, t(key, values, 'en')));
  return [
    value.state === 'paused' && (value.current || time) ? line('paused', time ? 'door.back_at' : off ? 'door.paused_at' : 'door.paused', { time: time || screen.lastData }) : null,
    value.delay_min ? line('delay', 'door.delay', { n: value.delay_min }) : null,
  ];
}

function drawNow() {
  const main = find('#main');
  const value = stream && stream.value;
  document.title = value ? value.name : t('door.title');
  // What was shown before the pairing ended is not shown any more.
  if (!value || screen.pairing) {
    screen.drawPairing(main);
    return;
  }
  const clock = screen.protocol.clock;
  const off = screen.off;
  // While nobody works here, who is to come, or does not: the board names them too.
  const who = value.coming || value.stopped || value;
  // Whoever stands large is not next as well.
  const large = atDoor(value);
  const next = (value.next || []).filter((/** @type {any} */ n) => n !== large).slice(0, 4);
  render(main, h('div', { class: `door${off ? ' is-off' : ''}${value.state === 'paused' || value.delay_min ? ' is-held' : ''}`, key: 'door' },
    h('header', null,
      h('h1', null, value.name), h('span', { class: 'en', lang: 'en' }, value.name_en),
      h('span', { class: 'time num' }, wall(clock.now(), clock.offsetMinutes).clock)),
    h('div', { role: 'status' }, off
      ? h('div', { class: 'band off', 'data-band': 'offline' }, ['zh', 'en'].map((lang) => h(lang === 'zh' ? 'span' : 'small', { key: lang, lang: lang === 'en' ? 'en' : undefined },
        screen.lastData ? t('offline.screen', { time: screen.lastData }, lang) : t('offline.screen_never', null, lang))))
      : null, heldUp(value, off)),
    h('main', null,
      now(value, off),
      h('aside', null,
        h('p', { class: 'who' }, who.doctor || (who !== value || value.delay_min ? '' : t('door.nobody', null, 'zh')), h('small', null, who.title || ''),
          who.doctor_en ? h('small', { lang: 'en', key: 'en' }, [who.doctor_en, titleWord(who.title, 'en')].filter(Boolean).join(' · ')) : null),
        // Who waits elsewhere may be next all the same: of an empty door nothing is said.
        next.length
          ? h('section', { class: 'next' },
            h('h2', null, off ? two('door.next_at', { time: screen.lastData }) : two('door.next')),
            next.map((n) => h('p', { key: n.number }, h('b', { class: 'num' }, n.number), nameOf(n))))
          : null)),
    h('footer', null, screen.lacksChinese && !off
      ? h('span', { class: 'live off', key: 'no-font', 'data-live': 'unreadable' }, h('span', { class: 'dot' }), h('span', { lang: 'en' }, t('board.no_font', null, 'en')))
      : h('span', { class: `live${off ? ' off' : ''}`, key: 'live' },
        h('span', { class: 'dot' }), h('span', null, two(off ? 'connection.offline' : 'connection.live'))))));
}

draw();
screen.begin();
setInterval(draw, 1000);
