// Chinese words of paying by phone, by key.

/** @type {Object<string, string>} */
export default {
  'paying.held': '这个号要先付 {yuan} 元,{time} 前付好才算约好',
  'paying.due': '挂号费 {yuan} 元,还没付',
  'paying.due_more': '可以现在用手机付,也可以到分诊台缴(现金、刷卡都可以)',
  'paying.go': '去付款 {yuan} 元',
  'paying.going': '正在打开付款页…',
  'paying.waits': '正在等付款结果,一般几秒钟。付好了请不要再付',
  'paying.again': '还没付,再去付款',
  'paying.no_page': '付款页打不开,请到分诊台缴费',
};
