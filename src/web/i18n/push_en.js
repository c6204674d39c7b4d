// What a notification says: number and place.

export default {
  'push.title.three_before': 'It is nearly your turn',
  'push.title.called': 'Please go to {place} now',
  'push.title.delayed': 'The doctor is running late',
  'push.title.stopped': 'This clinic does not take place',
  'push.body': '{number} · {place} · {site}',
  'push.news': 'There is news: please open the page',
};
