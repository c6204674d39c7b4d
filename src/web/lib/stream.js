// A stream as a value: the snapshot, with each event's ready-to-show parts put into it. No rule of the clinic is here: an
// event carries what replaces what. An event we cannot place asks for a new snapshot. Chromium 70 syntax: screens use it.

/** Parts that are put in one by one; null takes one out. */
const BY_ID = ['tickets', 'coming', 'waits', 'notices', 'wishes', 'sent_elsewhere'];

/** @param {any} value */
const kindOf = (value) => (value === null || value === undefined ? 'none' : Array.isArray(value) ? 'list' : typeof value);

/** @param {any} was @param {any} is */
function mayReplace(was, is) {
  const a = kindOf(was);
  const b = kindOf(is);
  return a === b || a === 'none' || b === 'none';
}

/** Puts one thing into a list of such things, by its id. @param {any[]} list @param {string} id @param {any} thing */
function upsert(list, id, thing) {
  const at = list.findIndex((one) => one[id] === thing[id]);
  if (at < 0) list.push(thing);
  else list[at] = thing;
}

/** @param {any} snapshot @param {any} ticket @returns {boolean} */
function placeTicket(snapshot, ticket) {
  if (!snapshot.tickets || !ticket || !ticket.ticket) return false;
  snapshot.tickets[ticket.ticket] = ticket;
  return true;
}

/**
 * Puts the parts of one event's payload into a snapshot.
 * @param {any} snapshot @param {any} payload
 * @returns {boolean} whether anything was placed
 */
export function place(snapshot, payload) {
  if (!payload || typeof payload !== 'object') return false;
  if (typeof payload.slot === 'string' && Array.isArray(snapshot.slots)) {
    upsert(snapshot.slots, 'slot', payload);
    return true;
  }
  let placed = false;
  if (kindOf(payload.appointment) === 'object' && Array.isArray(snapshot.appointments)) {
    upsert(snapshot.appointments, 'appointment', payload.appointment);
    placed = true;
  }
  Object.keys(payload).forEach((name) => {
    const part = payload[name];
    if (name === 'ticket' && kindOf(part) === 'object') placed = placeTicket(snapshot, part) || placed;
    else if (BY_ID.includes(name) && snapshot[name] && kindOf(part) === 'object') {
      Object.keys(part).forEach((id) => {
        if (part[id] === null) delete snapshot[name][id];
        else snapshot[name][id] = part[id];
      });
      placed = true;
    } else if (name === 'removed' && snapshot.tickets && Array.isArray(part)) {
      part.forEach((id) => delete snapshot.tickets[id]);
      placed = true;
    } else if (name in snapshot && mayReplace(snapshot[name], part)) {
      snapshot[name] = part;
      placed = true;
    }
  });
  return placed;
}

/** One subscription held as a value. */
export class LiveStream {
  /**
   * @param {import('./protocol.js').Protocol} protocol
   * @param {string} stream
   * @param {(value: any, events: any[]) => void} onChange after each frame; the events that came, as `[name, payload]`
   * @param {(error: any) => void} [onEnded]
   */
  constructor(protocol, stream, onChange, onEnded) {
    this.stream = stream;
    /** @type {any} */
    this.value = null;
    /** @type {any[]} */
    let came = [];
    let unplaced = false;
    const handle = protocol.subscribe(stream, {
      onSnapshot: (snapshot) => {
        this.value = snapshot;
        unplaced = false;
      },
      onEvent: (event) => {
        let placed = false;
        Object.keys(event).forEach((name) => {
          came.push([name, event[name]]);
          if (this.value) placed = place(this.value, event[name]) || placed;
        });
        if (!placed) unplaced = true;
      },
      onBatch: () => {
        const events = came;
        came = [];
        onChange(this.value, events);
        if (unplaced) {
          unplaced = false;
          protocol.again(stream);
        }
      },
      onEnded: (error) => {
        this.value = null;
        if (onEnded) onEnded(error);
      },
    });
    this.close = () => handle.close();
  }
}
