// English words of a pause in a doctor's calls.

/** @type {Object<string, string>} */
const words = {
  'pause.back': 'Back in about',
  'pause.unknown': 'Not known yet',
  'pause.minutes': '{n} minutes',
  'pause.at': 'At',
  'pause.at_label': 'Back at',
  'pause.over': 'That time has passed',
  'desk.pause_room': 'Pause',
  'desk.pause_room_label': 'Pause calling in {room}',
  'desk.resume_room': 'Go on',
  'desk.resume_room_label': 'Go on calling in {room}',
  'desk.pause_title': 'Pause calling of {doctor}, {room}',
  'desk.room_paused_until': 'Paused until {time}',
  'desk.did.pause_work': '{room}: calling is paused',
  'desk.did.resume_work': '{room}: calling goes on',
};

export default words;
