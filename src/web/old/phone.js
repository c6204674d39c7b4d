// Where a phone's browser is too old for its page, the page does not begin: then this says whom to ask. ES5.
(function () {
  var WORDS = window.jiaohaoOld['patient.too_old'];

  function say(main, words, language) {
    var line = document.createElement('p');
    line.className = 'too-old';
    line.lang = language;
    line.appendChild(document.createTextNode(words));
    main.appendChild(line);
  }

  window.addEventListener('load', function () {
    var main = document.getElementById('main');
    if (document.body.getAttribute('data-page')) return;
    say(main, WORDS[0], 'zh-CN');
    say(main, WORDS[1], 'en');
  });
})();
