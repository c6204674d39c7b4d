// English words of the places that are kept in single slots, by key.

/** @type {Object<string, string>} */
export default {
  'quotas.open': 'Slots…',
  'quotas.open_of': 'Slots of {name}',
  'quotas.title': 'Slots: {name}',
  'quotas.how': 'What is kept for somebody only they can book; what is kept for nobody everybody can. Kept late, what is booked already stays. A slot that is over cannot be changed.',
  'quotas.slot': 'Slot',
  'quotas.places': 'Places',
  'quotas.taken': 'Taken',
  'quotas.left': 'Left for',
  'quotas.kept': 'Kept for',
  'quotas.short.online': 'Phones',
  'quotas.short.desk': 'Desk',
  'quotas.short.referral': 'Referrals',
  'quotas.channel.online': 'phones',
  'quotas.channel.desk': 'desk and telephone',
  'quotas.channel.referral': 'referrals',
  'quotas.field': '{time} kept for {channel}',
  'quotas.back': 'given back',
  'quotas.too_many': '{time} has {n} places: no more than these can be kept',
  'quotas.by_hand': 'With a change this session is one by hand: it does not follow the weekly plan any more.',
  'quotas.go': 'Save',
  'quotas.did': 'Changed: what is kept in the slots of {name}',
  'quotas.same': 'Nothing was changed: what is kept in the slots of {name} is as it was',
  'quotas.did_back': 'Undone: kept as before',
};
