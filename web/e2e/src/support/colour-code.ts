/**
 * Reads the number a synthetic camera shows: 4 × 3 cells, eight bits of number and four of checksum, bright is 1
 * (the format is defined in loadtest/src/colour_code.rs). These functions run in the page: they use nothing from
 * outside.
 */

/** Number in the frame that the element shows now; null when the checksum does not fit. */
export function readCode(source: CanvasImageSource, context: CanvasRenderingContext2D): number | null {
  const cell = 8;
  const width = 4 * cell;
  // An element that has no frame to paint leaves what was there: the picture of another one.
  context.clearRect(0, 0, width, 3 * cell);
  context.drawImage(source, 0, 0, width, 3 * cell);
  const pixels = context.getImageData(0, 0, width, 3 * cell).data;
  const luma = (x: number, y: number): number => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray((y * width + x) * 4);
    return 0.299 * red + 0.587 * green + 0.114 * blue;
  };
  let code = 0;
  for (let index = 0; index < 12; index++) {
    // The four pixels around the middle of the cell.
    const x = (index % 4) * cell + 3;
    const y = Math.floor(index / 4) * cell + 3;
    const sum = luma(x, y) + luma(x + 1, y) + luma(x, y + 1) + luma(x + 1, y + 1);
    code = code * 2 + (sum / 4 >= 128 ? 1 : 0);
  }
  const number = code >> 4;
  const checksum = (5 * (number >> 4) + 3 * (number & 15) + 9) & 15;
  return number !== 0 && (code & 15) === checksum ? number : null;
}

/** Paints the code of a number over the whole canvas. */
export function paintCode(context: CanvasRenderingContext2D, number: number): void {
  const code = (number << 4) | ((5 * (number >> 4) + 3 * (number & 15) + 9) & 15);
  const { width, height } = context.canvas;
  for (let cell = 0; cell < 12; cell++) {
    context.fillStyle = (code >> (11 - cell)) & 1 ? '#ebebeb' : '#101010';
    const column = cell % 4;
    const row = Math.floor(cell / 4);
    context.fillRect((column * width) / 4, (row * height) / 3, width / 4 + 1, height / 3 + 1);
  }
}
