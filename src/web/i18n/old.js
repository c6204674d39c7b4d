// For browsers without modules: says in plain words that this screen is too old, and looks again every minute.
(function () {
  var words = {
    zh: '\u8fd9\u53f0\u5c4f\u5e55\u7684\u6d4f\u89c8\u5668\u592a\u65e7,\u4e0d\u80fd\u663e\u793a\u53eb\u53f7\u3002\u8bf7\u542c\u62a4\u58eb\u53eb\u53f7\u3002',
    en: 'This screen\u2019s browser is too old to show calls. Please listen for the nurse.'
  };
  var old = document.getElementById('old');
  if (old) {
    old.removeAttribute('hidden');
    old.textContent = words.zh + ' ' + words.en;
  }
  setTimeout(function () { location.reload(); }, 60000);
})();
