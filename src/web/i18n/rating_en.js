// English words of a visit's rating, by key: phones alone have them.

/** @type {Object<string, string>} */
export default {
  'rating.ask': 'How was your visit?',
  'rating.thanks': 'Thank you, we have it',
  'rating.star.1': 'Very bad',
  'rating.star.2': 'Bad',
  'rating.star.3': 'So-so',
  'rating.star.4': 'Good',
  'rating.star.5': 'Very good',
  'rating.stars_of': '{n} of 5 stars, {word}',
  'rating.about': 'What was it mainly? (optional)',
  'rating.about.waiting': 'The waiting',
  'rating.about.explanation': 'The explanation',
  'rating.about.kindness': 'The kindness',
  'rating.about.place': 'The place and the signs',
  'rating.nobody': 'Neither the doctor nor the hospital sees who said it.',
  'rating.skip': 'No, thanks',
  'rating.done': 'Done',
  'rating.said': 'What you said',
  'rating.change': 'Change',
};
