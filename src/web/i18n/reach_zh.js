// Chinese words of what people are told beside the screens.

/** @type {Object<string, string>} */
const words = {
  'notice.title': '消息',
  'notice.about.three_before': '{number} 号快到了:前面最多还有 3 位,请到{place}附近等候',
  'notice.about.called': '{number} 号,请现在到{place}就诊',
  'notice.about.delayed': '{place}门诊有延迟,{number} 号要多等一会儿',
  'notice.about.stopped': '{place}停诊,{number} 号请改约',
  'notice.by.app': '您已看到',
  'notice.by.wechat': '微信已送达',
  'notice.by.push': '通知已送达',
  'notice.by.sms': '短信已送达',
  'notice.state.held': '早上 7 点后发给您',
  'notice.state.telling': '正在通知您',
  'notice.state.not_reached': '没能联系上您,请留意叫号',
  'notice.state.over': '已过',
  'desk.filter.not_reached': '没联系上',
  'desk.empty.not_reached': '都联系上了',
  'desk.not_reached.tag': '没联系上',
  'desk.not_reached.called': ':已叫号,手机没有回应({time})。',
  'desk.not_reached.three_before': ':快到号了,手机没有回应({time})。',
  'desk.not_reached.phone': '请打电话,或到候诊区叫一声:',
  'desk.not_reached.no_phone': '没有留电话,请到候诊区叫一声。',
  'desk.told_go.by_phone': '已打电话告知',
  'desk.told_go.in_person': '已当面告知',
  'desk.told.by_phone': '分诊台已打电话告知',
  'desk.told.in_person': '分诊台已当面告知',
  'desk.did.told_by_phone': '{number} 已记为打电话告知',
  'desk.did.told_in_person': '{number} 已记为当面告知',
};

export default words;
