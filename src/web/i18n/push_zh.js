// What a notification says: number and place.

export default {
  'push.title.three_before': '快轮到您了',
  'push.title.called': '请到{place}就诊',
  'push.title.delayed': '{who}的门诊晚约{minutes}分钟,您的时间约 {time}',
  'push.title.as_planned': '{who}的门诊照常开诊,请您 {time} 来',
  'push.title.offered': '{who} {time} 有号了,请在 {minutes} 分钟内打开确认',
  'push.title.booked': '已为您预约:{who} {time}',
  'push.title.reminder': '请记得:{who} {time}',
  'push.title.cancelled': '{who} {time} 的预约已取消',
  'push.title.refunded': '{amount} 元已退回:{who} {time}',
  'push.title.refund_at_desk': '{amount} 元请到分诊台领取:{who} {time}',
  'push.title.stopped': '停诊通知',
  'push.body_of_clinic': '{place} · {site}',
  'push.body': '{number} · {place} · {site}',
  'push.news': '有新消息,请打开查看',
};
