// English words of paying by phone, by key.

/** @type {Object<string, string>} */
export default {
  'paying.held': 'This place is yours once ¥{yuan} is paid, by {time}',
  'paying.due': 'The fee of ¥{yuan} is not paid yet',
  'paying.due_more': 'Pay now by phone, or at the desk (cash or card)',
  'paying.go': 'Pay ¥{yuan}',
  'paying.going': 'Opening the payment page…',
  'paying.waits': 'Waiting to hear that it was paid, usually a few seconds. If you have paid, do not pay again',
  'paying.again': 'Not paid yet: pay now',
  'paying.no_page': 'The payment page cannot be opened. Please pay at the desk',
};
