// Chinese words of the places that are kept in single slots, by key.

/** @type {Object<string, string>} */
export default {
  'quotas.open': '各段的号…',
  'quotas.open_of': '{name} 各段的号',
  'quotas.title': '各段的号:{name}',
  'quotas.how': '留给谁的号,只有他约得到;没留的谁都能约。留晚了,已经约走的不动。过了时间的段不能改。',
  'quotas.slot': '时段',
  'quotas.places': '号',
  'quotas.taken': '已约',
  'quotas.left': '还能约',
  'quotas.kept': '留给',
  'quotas.short.online': '手机',
  'quotas.short.desk': '窗口',
  'quotas.short.referral': '转诊',
  'quotas.channel.online': '手机',
  'quotas.channel.desk': '窗口和电话',
  'quotas.channel.referral': '基层转诊',
  'quotas.field': '{time} 留给{channel}',
  'quotas.back': '已还给大家',
  'quotas.too_many': '{time} 只有 {n} 个号,留的加起来不能比这还多',
  'quotas.by_hand': '改了以后,这一班按手工的算,不再跟着每周的排班变。',
  'quotas.go': '保存',
  'quotas.did': '已改:{name} 各段留的号',
  'quotas.same': '没有改:{name} 各段留的号和原来一样',
  'quotas.did_back': '已撤销:留的号和原来一样',
};
