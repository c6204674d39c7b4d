// /door/{id}: the screen beside a room's door: the doctor, who is asked in, who is next. Chromium 70 syntax.

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

/** @param {any} value @param {boolean} off what is shown may be over by now: said as the last call */
function now(value, off) {
  if (value.state === 'closed' || (value.state === 'paused' && !value.current)) {
    // A clinic that is late is one: only its doctor is not here.
    const key = value.state === 'closed' && value.delay_min ? 'door.away' : `door.${value.state}`;
    return h('section', { class: 'now', key: value.state },
      h('p', { class: 'say' }, t(key, null, 'zh')), h('p', { class: 'label', lang: 'en' }, t(key, null, 'en')));
  }
  const [first] = value.next || [];
  // Sent here by the board: not sent back by the door.
  if (!value.current && first && first.state === 'summoned') {
    return h('section', { class: 'now', key: `door/${first.number}`, 'data-at-door': first.number },
      ['zh', 'en'].map((lang) => h('p', { class: 'label', key: lang, lang: lang === 'en' ? lang : undefined }, t('door.wait_here', null, lang))), h('p', { class: 'number num' }, first.number), h('p', { class: 'name' }, nameOf(first)));
  }
  if (!value.current) {
    return h('section', { class: 'now', key: 'none' },
      h('p', { class: 'say' }, t('door.wait', null, 'zh')), h('p', { class: 'label', lang: 'en' }, t('door.wait', null, 'en')));
  }
  const called = value.current.state !== 'serving';
  const label = off ? 'door.last_call' : called ? 'door.come_in' : 'door.in_room';
  return h('section', { class: `now${called ? ' called' : ''}`, key: value.current.number, 'data-number': value.current.number },
    h('p', { class: 'label' }, two(label)),
    h('p', { class: 'number num' }, value.current.number),
    h('p', { class: 'name' }, nameOf(value.current)));
}

/** What holds everybody up: a pause, unless it stands alone in the middle, and an announced delay. @param {any} value */
function heldUp(value) {
  const { clock } = screen.protocol;
  const time = value.back_at && Date.parse(value.back_at) > clock.now() ? clockOf(value.back_at) : '';
  const line = (/** @type {string} */ name, /** @type {string} */ key, /** @type {any} */ values) => h('p', { class: 'held-up', key: name, 'data-held-up': name },
    h('span', null, t(key, values, 'zh')), h('small', { lang: 'en' }, t(key, values, 'en')));
  return [
    value.state === 'paused' && (value.current || time) ? line('paused', time ? 'door.back_at' : 'door.paused', { time }) : null,
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
  render(main, h('div', { class: `door${off ? ' is-off' : ''}${value.state === 'paused' || value.delay_min ? ' is-held' : ''}`, key: 'door' },
    h('header', null,
      h('h1', null, value.name), h('span', { class: 'en', lang: 'en' }, value.name_en),
      h('span', { class: 'time num' }, wall(clock.now(), clock.offsetMinutes).clock)),
    h('div', { role: 'status' }, off
      ? h('div', { class: 'band off', 'data-band': 'offline' }, ['zh', 'en'].map((lang) => h(lang === 'zh' ? 'span' : 'small', { key: lang, lang: lang === 'en' ? 'en' : undefined },
        screen.lastData ? t('offline.screen', { time: screen.lastData }, lang) : t('offline.screen_never', null, lang))))
      : null, heldUp(value)),
    h('main', null,
      now(value, off),
      h('aside', null,
        h('p', { class: 'who' }, value.doctor || (value.delay_min ? '' : t('door.nobody', null, 'zh')), h('small', null, value.title || ''),
          value.doctor_en ? h('small', { lang: 'en', key: 'en' }, [value.doctor_en, titleWord(value.title, 'en')].filter(Boolean).join(' · ')) : null),
        // Who waits elsewhere may be next all the same: of an empty door nothing is said.
        (value.next || []).length
          ? h('section', { class: 'next' },
            h('h2', null, two('door.next')),
            value.next.slice(0, 4).map((n) => h('p', { key: n.number }, h('b', { class: 'num' }, n.number), nameOf(n))))
          : null)),
    h('footer', null, screen.lacksChinese && !off
      ? h('span', { class: 'live off', key: 'no-font', 'data-live': 'unreadable' }, h('span', { class: 'dot' }), h('span', { lang: 'en' }, t('board.no_font', null, 'en')))
      : h('span', { class: `live${off ? ' off' : ''}`, key: 'live' },
        h('span', { class: 'dot' }), h('span', null, two(off ? 'connection.offline' : 'connection.live'))))));
}

draw();
screen.begin();
setInterval(draw, 1000);
