// What a notification says: number and place.

export default {
  'push.title.three_before': 'It is nearly your turn',
  'push.title.called': 'Please go to {place} now',
  'push.title.delayed': '{who} is about {minutes} minutes late: your time is about {time}',
  'push.title.as_planned': '{who}: the clinic takes place as booked. Please come at {time}',
  'push.title.offered': '{who}: a place at {time} is free. Open to take it within {minutes} minutes',
  'push.title.booked': 'Booked for you: {who} at {time}',
  'push.title.reminder': 'Do not forget: {who} at {time}',
  'push.title.cancelled': 'Your booking is cancelled: {who} at {time}',
  'push.title.refunded': '¥{amount} has gone back: {who} at {time}',
  'push.title.refund_at_desk': '¥{amount} to fetch at the desk: {who} at {time}',
  'push.title.stopped': 'This clinic does not take place',
  'push.body_of_clinic': '{place} · {site}',
  'push.body': '{number} · {place} · {site}',
  'push.news': 'There is news: please open the page',
};
