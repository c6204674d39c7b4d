// Where a phone's browser is too old for its page, the page stays empty: then this says whom to ask. ES5.
(function () {
  var WORDS = window.jiaohaoOld['patient.too_old'];
  var AFTER_MS = 3000;

  window.addEventListener('load', function () {
    setTimeout(function () {
      var main = document.getElementById('main');
      if (main.firstChild) return;
      for (var i = 0; i < WORDS.length; i += 1) {
        var line = document.createElement('p');
        line.className = 'too-old';
        line.lang = i ? 'en' : 'zh-CN';
        line.appendChild(document.createTextNode(WORDS[i]));
        main.appendChild(line);
      }
    }, AFTER_MS);
  });
})();
