// Chinese words of a visit's rating, by key: phones alone have them.

/** @type {Object<string, string>} */
export default {
  'rating.ask': '这次看病,您满意吗?',
  'rating.thanks': '谢谢,收到了',
  'rating.star.1': '非常|不满意',
  'rating.star.2': '不满意',
  'rating.star.3': '一般',
  'rating.star.4': '满意',
  'rating.star.5': '非常|满意',
  'rating.stars_of': '{n} 颗星,{word}',
  'rating.about': '主要是因为什么?(可不选)',
  'rating.about.waiting': '等的时间',
  'rating.about.explanation': '讲解',
  'rating.about.kindness': '态度',
  'rating.about.place': '环境和指路',
  'rating.nobody': '谁评的,医生和医院都看不到。',
  'rating.skip': '不评了',
  'rating.done': '好了',
  'rating.said': '您的评价',
  'rating.change': '改一改',
};
