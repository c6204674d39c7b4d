// The page of a house that still starts: asks whether it is up, and only then loads the page that was wanted. A page that
// is loaded again and again is read out again and again. Plain old script: screens of any age see it.
(function () {
  function ask() {
    var request = new XMLHttpRequest();
    request.onload = function () {
      // What was wanted, or that there is no such page: by anybody but the house that starts, or whoever stands before it.
      if (request.status < 500) location.reload();
    };
    request.open('GET', location.pathname);
    request.send();
  }
  setInterval(ask, 3000);
})();
