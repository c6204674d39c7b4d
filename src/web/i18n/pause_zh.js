// Chinese words of a pause in a doctor's calls.

/** @type {Object<string, string>} */
const words = {
  'pause.back': '大约多久回来',
  'pause.unknown': '还不知道',
  'pause.minutes': '{n} 分钟',
  'pause.at': '到',
  'pause.at_label': '回来的时间',
  'pause.over': '这个时间已经过了',
  'desk.pause_room': '暂停',
  'desk.pause_room_label': '暂停{room}叫号',
  'desk.resume_room': '继续',
  'desk.resume_room_label': '{room}继续叫号',
  'desk.pause_title': '暂停{room} {doctor}的叫号',
  'desk.room_paused_until': '暂停至 {time}',
  'desk.did.pause_work': '{room}已暂停叫号',
  'desk.did.resume_work': '{room}继续叫号',
};

export default words;
