// Screens in browsers without modules (television boxes of before 2018): the same stream as every screen's, in plain rows,
// silent, and saying so. What is shown is the house's picture; nothing is decided here. ES5, no interface newer than sockets.
(function () {
  var WORDS = window.jiaohaoOld;
  var PAIR_EVERY_MS = 3000;
  var BACK_AFTER_MS = 3000;
  var RENEW_BEFORE_MS = 60000;
  var HELLO_WITHIN_MS = 4000;
  var ROOMS_MAX = 6;
  var NUMBERS_MAX = 6;
  var CALLS_MAX = 6;
  // As on every board (board/calls.js): so long on the glass, and a call has been shown; more calls than rows take turns.
  var SHOWN_MS = 800;
  var CALLS_TURN_MS = 6000;
  var NOW_MS = 180000;

  var parts = location.pathname.split('/');
  var kind = parts[1];
  var id = decodeURIComponent(parts[2] || '');
  var memory = 'jiaohao.screen.' + kind + '.' + id;
  var socket = null;
  var greeted = false;
  var beatMs = 2000;
  var lastFrame = 0;
  var next = 1;
  var access = null;
  var accessEnds = 0;
  var pairing = null;
  var value = null;
  var confirmed = {};
  var lastData = '';
  // The house's clock before this box's, which may be years off, and the zone that is shown.
  var aheadMs = 0;
  var zoneMs = 0;
  var off = false;
  var turn = 0;
  // Call and round: since when it is on the glass, when it left it, and whether it was there for long enough.
  var stood = {};
  var callsTurned = 0;
  // Since when the last call that was made is known: none stands out because a later one has gone.
  var lastMade = -Infinity;
  var hurries = false;

  function word(key, english, values) {
    return WORDS[key][english ? 1 : 0].replace(/\{(\w+)\}/g, function (_all, name) { return values[name]; });
  }

  function el(parent, tag, name, text) {
    var node = document.createElement(tag);
    if (name) node.className = name;
    if (text) node.appendChild(document.createTextNode(text));
    parent.appendChild(node);
    return node;
  }

  /** Chinese, then English. */
  function two(parent, key, values, valuesEn) {
    el(parent, 'span', '', word(key, false, values));
    el(parent, 'small', '', word(key, true, valuesEn || values)).lang = 'en';
    return parent;
  }

  function recall() {
    try {
      return JSON.parse(localStorage.getItem(memory) || 'null');
    } catch (_closed) {
      return null;
    }
  }

  function keep(what) {
    try {
      if (what) localStorage.setItem(memory, JSON.stringify(what));
      else localStorage.removeItem(memory);
    } catch (_closed) {
      // It asks for a code again after a restart.
    }
  }

  /** `then` gets the status (0: nobody answered), the body, and the house that answered. */
  function post(path, body, then) {
    var request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('Content-Type', 'application/json');
    request.timeout = 10000;
    request.onreadystatechange = function () {
      if (request.readyState !== 4) return;
      var answer = null;
      try {
        answer = JSON.parse(request.responseText);
      } catch (_empty) {
        // A refusal without a body.
      }
      then(request.status, answer, request.status ? request.getResponseHeader('x-jiaohao-house') : null);
    };
    request.send(JSON.stringify(body));
  }

  /** Signs in with what a pairing gave. @param {function(number): void} then 200: there is a token */
  function signIn(by, then) {
    post('/api/v1/session', { screen: by.screen, secret: by.secret }, function (status, answer, house) {
      if (status === 200) {
        access = answer.access_token;
        accessEnds = Date.now() + (answer.expires_in_s || 600) * 1000;
        keep({ screen: by.screen, secret: by.secret, house: house || undefined });
      }
      // Another house at this address cannot revoke what ours has given: ours is away.
      var isOthers = by.house && house && by.house !== house;
      then(isOthers && status !== 200 ? 0 : status);
    });
  }

  function pair() {
    access = null;
    value = null;
    var asked = {};
    asked[kind] = id;
    post('/api/v1/screens', asked, function (status, answer) {
      pairing = status === 200 || status === 201 ? answer : { unknown: status === 403 };
      off = status === 0;
      draw();
      setTimeout(function () { approved(Date.now()); }, pairing.unknown ? 60000 : PAIR_EVERY_MS);
    });
  }

  /** Has somebody typed the code? */
  function approved(since) {
    if (!pairing.code || Date.now() - since > 600000) {
      pair();
      return;
    }
    signIn(pairing, function (status) {
      off = status === 0;
      if (status === 200) {
        pairing = null;
        connect();
      } else {
        setTimeout(function () { approved(since); }, PAIR_EVERY_MS);
      }
      draw();
    });
  }

  function send(frame) {
    if (frame.type !== 'beat') {
      frame.id = String(next);
      next += 1;
    }
    if (socket && socket.readyState === 1) socket.send(JSON.stringify(frame));
  }

  function connect() {
    var by = recall();
    if (!by) {
      pair();
      return;
    }
    if (access && Date.now() < accessEnds - RENEW_BEFORE_MS) {
      open();
      return;
    }
    signIn(by, function (status) {
      if (status === 200) {
        open();
      } else if (status === 401 || status === 403) {
        keep(null);
        pair();
      } else {
        lost();
      }
    });
  }

  function open() {
    var mine = new WebSocket(location.protocol.replace('http', 'ws') + '//' + location.host + '/ws');
    socket = mine;
    greeted = false;
    lastFrame = Date.now();
    mine.onopen = function () { send({ type: 'hello', version: 1, token: access }); };
    mine.onmessage = function (message) {
      if (socket === mine) receive(JSON.parse(message.data));
    };
    mine.onclose = function () {
      if (socket === mine) lost();
    };
  }

  function lost() {
    var gone = socket;
    socket = null;
    if (gone) gone.close();
    off = true;
    draw();
    setTimeout(connect, BACK_AFTER_MS);
  }

  function about() { send({ type: 'beat', client: 'page for old browsers', silent: kind === 'board' }); }

  function receive(frame) {
    lastFrame = Date.now();
    if (frame.now) {
      aheadMs = Date.parse(frame.now) - Date.now();
      if (kind === 'door') zoneOf(frame.now);
    }
    if (lastData) lastData = clock();
    if (frame.type === 'welcome') {
      greeted = true;
      beatMs = (frame.beat_s || 20) * 1000;
      about();
      send({ type: 'subscribe', stream: kind + ':' + id });
    } else if (frame.type === 'beat') {
      about();
      renew();
    } else if (frame.type === 'subscribed' || frame.type === 'snapshot') {
      take(frame.snapshot);
    } else if (frame.type === 'events') {
      change(frame.events);
    } else if (frame.type === 'ended' || (frame.type === 'rejected' && !value)) {
      // The right is over, or the screen has gone: whose it is is asked again.
      access = null;
      lost();
    } else if (frame.type === 'bye') {
      if (frame.code === 'unauthenticated') access = null;
      lost();
    }
  }

  function renew() {
    var by = recall();
    if (!by || Date.now() < accessEnds - RENEW_BEFORE_MS) return;
    signIn(by, function (status) {
      if (status === 200) send({ type: 'refresh_token', token: access });
    });
  }

  function take(snapshot) {
    value = snapshot;
    off = false;
    said();
  }

  /** An event carries what replaces what; one that carries nothing we know asks for all of it. */
  function change(events) {
    var isPlaced = false;
    events.forEach(function (one) {
      Object.keys(one.event).forEach(function (name) {
        var payload = one.event[name];
        Object.keys(payload || {}).forEach(function (part) {
          if (!value || !(part in value)) return;
          value[part] = payload[part];
          isPlaced = true;
        });
      });
    });
    if (isPlaced) said();
    else send({ type: 'subscribe', stream: kind + ':' + id });
  }

  /** A board says the time of its own zone with its picture; a door is told the house's. @param {string|undefined} now RFC 3339 */
  function zoneOf(now) {
    var zone = /([+-])(\d\d):(\d\d)$/.exec(now || '');
    if (!zone) return;
    zoneMs = (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) * 60000;
    lastData = clock();
  }

  function clock() { return new Date(Date.now() + aheadMs + zoneMs).toISOString().slice(11, 16); }

  function said() {
    zoneOf(value.now);
    draw();
  }

  /** Milliseconds by a clock that nobody sets, where there is one. */
  function ticks() { return window.performance && performance.now ? performance.now() : Date.now(); }

  /** A recall is shown anew. */
  function roundOf(call) {
    return call.call + '@' + (call.state === 'called' ? call.at : call.state);
  }

  /** The calls that have a row now. The newest stays; whoever has not been shown is next, then who has been away for longest. */
  function inTurn(calls) {
    var now = ticks();
    var isOver = now - callsTurned >= CALLS_TURN_MS;
    var isFirst = lastMade === -Infinity;
    var known = {};
    if (isOver) callsTurned = now;
    var all = calls.map(function (call, n) {
      var age = isFirst ? Math.max(0, Date.now() + aheadMs - Date.parse(call.at)) : 0;
      var one = stood[roundOf(call)] || { since: 0, left: 0, isShown: false, made: now - age };
      one.isShown = one.isShown || (one.since !== 0 && now - one.since >= SHOWN_MS);
      known[roundOf(call)] = one;
      if (call.state === 'called') lastMade = Math.max(lastMade, one.made);
      if (call.state === 'serving') return { call: call, n: n, one: one, rank: 5, away: n };
      var rank = n === 0 ? 0 : !one.isShown ? (one.since ? 1 : 2) : one.since && !isOver ? 3 : 4;
      return { call: call, n: n, one: one, rank: rank, away: one.since ? now : one.left };
    });
    all.sort(function (a, b) { return a.rank - b.rank || a.away - b.away || b.n - a.n; });
    all.forEach(function (row, place) {
      if (place >= CALLS_MAX && row.one.since) row.one.left = now;
      row.one.since = place < CALLS_MAX ? row.one.since || now : 0;
    });
    stood = known;
    hurries = all.some(function (row) { return row.rank < 5 && !row.one.isShown; });
    return all.slice(0, CALLS_MAX).sort(function (a, b) { return a.n - b.n; }).map(function (row) { return row.call; });
  }

  /** Confirms what has been shown: what had no place on the glass is not, and whoever has called hears of it. */
  function confirm() {
    var there = {};
    (value.announcements || []).forEach(function (one) {
      var id = one.announcement;
      there[id] = confirmed[id] || value.calls.some(function (call) { return call.call === one.call && stood[roundOf(call)].isShown; });
      if (there[id] && !confirmed[id]) send({ type: 'command', key: key(), command: { report_shown: { announcement: id } } });
    });
    confirmed = there;
  }

  /** An idempotency key: UUIDv7, by the house's time. */
  function key() {
    var hex = ('000000000000' + (Date.now() + aheadMs).toString(16)).slice(-12) + '7';
    while (hex.length < 32) hex += Math.floor(Math.random() * 16).toString(16);
    hex = hex.slice(0, 16) + '8' + hex.slice(17);
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  function draw() {
    var main = document.getElementById('main');
    while (main.firstChild) main.removeChild(main.firstChild);
    var root = el(main, 'div', 'old old-' + kind + (off ? ' old-off' : ''));
    if (pairing) drawPairing(root);
    else if (!value) two(el(root, 'p', 'old-say'), 'offline.screen_never');
    else if (kind === 'board') drawBoard(root);
    else drawDoor(root);
    if (kind === 'board' && value && !pairing && !off) confirm();
  }

  function drawPairing(root) {
    if (pairing.unknown) {
      two(el(root, 'p', 'old-say'), 'pairing.unknown_' + kind, { id: id });
      two(el(root, 'p', ''), 'pairing.unknown_more');
      return;
    }
    two(el(root, 'p', 'old-say'), 'pairing.title');
    if (pairing.code) el(root, 'p', 'old-code', pairing.code).setAttribute('data-pairing-code', pairing.code);
    else two(el(root, 'p', ''), 'pairing.no_code');
    two(el(root, 'p', ''), 'pairing.how');
    two(el(root, 'p', ''), 'pairing.which', { id: id });
  }

  function head(root, name, english) {
    document.title = name;
    var line = el(root, 'div', 'old-head');
    el(line, 'b', '', name);
    el(line, 'small', '', english || '').lang = 'en';
    el(line, 'span', 'old-time', lastData && clock());
    if (off) two(el(root, 'p', 'old-band'), lastData ? 'offline.screen' : 'offline.screen_never', { time: lastData });
  }

  function drawBoard(root) {
    head(root, value.board.name, value.board.name_en);
    var calls = value.calls.slice().sort(function (a, b) {
      return (a.state === 'serving') - (b.state === 'serving') || (a.at < b.at ? 1 : a.at > b.at ? -1 : 0);
    });
    var shown = inTurn(calls);
    var isNow = function (call) { return ticks() - stood[roundOf(call)].made < NOW_MS; };
    var isNew = calls.length && calls[0].state === 'called' && stood[roundOf(calls[0])].made >= lastMade && isNow(calls[0]);
    if (!isNew) two(el(root, 'p', 'old-say'), off ? 'board.quiet' : 'board.quiet_silent');
    shown.forEach(function (call, n) {
      var row = el(root, 'div', 'old-call' + (n === 0 && isNew && !off ? ' old-new' : '') + (call.emergency ? ' old-emergency' : ''));
      row.setAttribute('data-call', call.call);
      row.setAttribute('data-state', call.state);
      el(row, 'b', '', call.number);
      el(row, 'span', 'old-name', call.emergency ? '' : call.name);
      el(row, 'span', 'old-place', call.place);
      var state = off ? (call.state === 'summoned' ? 'board.asked_at' : 'board.last_call') : call.state === 'called' && !isNow(call) ? 'board.called_at' : call.emergency && call.state === 'called' ? 'board.emergency' : 'board.state.' + call.state;
      two(el(row, 'span', 'old-state'), state, { time: call.at.slice(11, 16) });
    });
    if (value.rooms.length) two(el(root, 'p', 'old-title'), 'board.waiting');
    else two(el(root, 'p', ''), 'board.no_rooms');
    // More rooms than there is space for take turns.
    var rows = lines(value.rooms);
    var pages = Math.ceil(rows.length / ROOMS_MAX) || 1;
    var from = (turn % pages) * ROOMS_MAX;
    rows.slice(from, from + ROOMS_MAX).forEach(function (room) { drawRoom(root, room); });
    drawMissed(root);
    drawNotice(root, value.notices[turn % (value.notices.length || 1)]);
    two(el(root, 'div', 'old-note'), 'board.old').setAttribute('data-old', 'silent');
  }

  function drawMissed(root) {
    if (!value.missed.length) return;
    var missed = el(root, 'div', 'old-missed');
    two(el(missed, 'span', ''), 'board.missed');
    el(missed, 'b', '', value.missed.slice(0, NUMBERS_MAX * 2).join(' '));
    two(el(missed, 'span', ''), 'board.to_desk');
  }

  function drawNotice(root, notice) {
    if (!notice) return;
    var says = el(root, 'div', 'old-notice');
    el(says, 'span', '', notice.zh);
    el(says, 'small', '', notice.en).lang = 'en';
  }

  /** People who wait for several rooms at once stand once, above those rooms. */
  function lines(rooms) {
    var lineOf = function (room) { return room.waiting.join(' '); };
    var all = rooms.map(lineOf);
    var rows = [];
    rooms.forEach(function (room, n) {
      var line = lineOf(room);
      var isOwn = !line || all.indexOf(line) === all.lastIndexOf(line);
      if (!isOwn && all.indexOf(line) === n) rows.push({ common: true, at_door: [], waiting: room.waiting });
      rows.push(isOwn ? room : { place: room.place, doctor: room.doctor, title: room.title, paused: room.paused, opens: room.opens, at_door: room.at_door, waiting: [], pool: true });
    });
    return rows;
  }

  function drawRoom(root, room) {
    var row = el(root, 'div', 'old-room');
    if (!room.common) row.setAttribute('data-room', room.place);
    if (room.common) two(el(row, 'b', ''), 'board.common');
    else el(row, 'b', '', room.place);
    el(row, 'span', 'old-doctor', doctorOf(room));
    var numbers = room.at_door.concat(room.waiting);
    var line = el(row, 'span', 'old-numbers', numbers.slice(0, NUMBERS_MAX).join(' '));
    if (numbers.length > NUMBERS_MAX) two(el(line, 'span', 'old-more'), 'board.more', { n: numbers.length - NUMBERS_MAX });
    if (room.paused) two(line, 'board.paused');
    else if (room.opens && Date.now() + aheadMs < Date.parse(room.opens)) two(line, 'board.opens', { time: room.opens.slice(11, 16) });
    else if (!numbers.length) two(line, room.pool ? 'board.from_common' : 'board.nobody');
  }

  /** Who works there, with the title. */
  function doctorOf(place) {
    return [place.doctor, place.title].filter(Boolean).join(' ');
  }

  function drawDoor(root) {
    head(root, value.name, value.name_en);
    el(root, 'p', '', doctorOf(value.coming || value.stopped || value));
    var next = value.next || [];
    // Sent here by the board: not sent back by the door.
    var large = value.current || (value.state === 'open' && next[0] && next[0].state === 'summoned' && next[0]);
    if (large) drawPerson(root, large);
    else drawIdle(el(root, 'p', 'old-say'), value.coming ? value.coming.opens : '');
    if (value.delay_min) two(el(root, 'p', ''), 'door.delay', { n: value.delay_min });
    next.slice(0, 4).forEach(function (one) {
      if (one === large) return;
      var line = el(root, 'div', 'old-room');
      two(el(line, 'span', 'old-doctor'), 'door.next' + (off ? '_at' : ''), { time: lastData });
      el(line, 'b', '', one.number);
      el(line, 'span', 'old-name', one.name);
    });
  }

  /** As `idle` of `door.js`. */
  function drawIdle(place, opens) {
    var when = value.stopped ? value.stopped.when : {}, is = value.state !== 'closed' ? (value.state === 'paused' ? 'paused' : 'wait') : opens ? 'not_begun' : value.stopped ? 'stopped' : value.delay_min ? 'away' : 'closed';
    if (opens && Date.now() + aheadMs < Date.parse(opens)) two(place, 'board.opens', { time: opens.slice(11, 16) });
    else two(place, 'door.' + (off && opens.slice(11, 16) > lastData ? 'wait' : is) + (off ? '_at' : ''), { time: lastData, when: when.zh }, { time: lastData, when: when.en });
  }

  function drawPerson(root, one) {
    var row = el(root, 'div', 'old-call' + (one.state === 'called' && !off ? ' old-new' : ''));
    var waits = one.state === 'summoned';
    row.setAttribute(waits ? 'data-at-door' : 'data-number', one.number);
    el(row, 'b', '', one.number);
    el(row, 'span', 'old-name', one.name);
    two(el(row, 'span', 'old-state'), waits ? 'door.wait_here' + (off ? '_at' : '') : off ? 'door.last_call' : one.state === 'serving' ? 'door.in_room' : 'door.come_in', { time: lastData });
  }

  function start() {
    var style = document.createElement('link');
    style.rel = 'stylesheet';
    style.href = '/web/old/old.css';
    document.getElementsByTagName('head')[0].appendChild(style);
    if (typeof WebSocket === 'undefined' || typeof JSON === 'undefined' || !Array.prototype.forEach) {
      two(document.getElementById('main'), 'board.too_old');
      // Its browser may be renewed: then it comes up by itself.
      setTimeout(function () { location.reload(); }, 60000);
      return;
    }
    setInterval(function () {
      if (!socket) return;
      var silentMs = Date.now() - lastFrame;
      if (silentMs > (greeted ? 2 * beatMs : HELLO_WITHIN_MS)) lost();
      else if (kind === 'board' && value && (hurries || ticks() - callsTurned >= CALLS_TURN_MS)) draw();
    }, 500);
    setInterval(function () {
      turn += 1;
      draw();
    }, 12000);
    draw();
    connect();
  }

  start();
})();
