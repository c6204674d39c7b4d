// English words of what people are told beside the screens.

/** @type {Object<string, string>} */
const words = {
  'notice.title': 'Messages',
  'notice.about.three_before': 'No. {number} is near: at most 3 before you. Please wait near {place}',
  'notice.about.called': 'No. {number}: please go to {place} now',
  'notice.about.delayed': '{place} runs late: no. {number} waits a little longer',
  'notice.about.stopped': '{place} is cancelled: please book no. {number} anew',
  'notice.by.app': 'You have seen it',
  'notice.by.wechat': 'Delivered by WeChat',
  'notice.by.push': 'Delivered as a notification',
  'notice.by.sms': 'Delivered by text message',
  'notice.state.held': 'Comes after 7 in the morning',
  'notice.state.telling': 'On its way to you',
  'notice.state.not_reached': 'We could not reach you: please watch for your number',
  'notice.state.over': 'Over',
  'desk.filter.not_reached': 'Not reached',
  'desk.empty.not_reached': 'Everybody was reached',
  'desk.not_reached.tag': 'Not reached',
  'desk.not_reached.called': ': called, and nothing has answered ({time}).',
  'desk.not_reached.three_before': ': nearly their turn, and nothing has answered ({time}).',
  'desk.not_reached.phone': 'Please telephone, or call out in the waiting area:',
  'desk.not_reached.no_phone': 'No telephone on file: please call out in the waiting area.',
  'desk.told_go.by_phone': 'Told by telephone',
  'desk.told_go.in_person': 'Told in person',
  'desk.told.by_phone': 'The desk has told them by telephone',
  'desk.told.in_person': 'The desk has told them in person',
  'desk.did.told_by_phone': '{number}: told by telephone',
  'desk.did.told_in_person': '{number}: told in person',
};

export default words;
