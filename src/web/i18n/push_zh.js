// What a notification says: number and place.

export default {
  'push.title.three_before': '快到您了',
  'push.title.called': '请到{place}就诊',
  'push.title.delayed': '医生会晚一些',
  'push.title.stopped': '停诊通知',
  'push.body': '{number} · {place} · {site}',
  'push.news': '有新消息,请打开查看',
};
