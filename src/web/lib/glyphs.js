// Whether this machine can draw Chinese at all: a screen whose system has no such font shows a box for every character, and
// nothing else tells. Chromium 70 syntax.

/** Two simplified characters, which no font for Japanese alone has. Without a font for them both are the same box. */
const TWO = [0x8bca, 0x8bf7].map((one) => String.fromCharCode(one));
const SIDE_PX = 40;

/** What a character looks like in the page's own fonts. @param {string} one @returns {string} */
function drawn(one) {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE_PX;
  canvas.height = SIDE_PX;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  pen.font = `${SIDE_PX / 2}px ${getComputedStyle(document.body).fontFamily}`;
  pen.textBaseline = 'top';
  pen.fillText(one, 4, 4);
  return pen.getImageData(0, 0, SIDE_PX, SIDE_PX).data.join();
}

/** No font here has Chinese. */
export const lacksChinese = () => drawn(TWO[0]) === drawn(TWO[1]);
