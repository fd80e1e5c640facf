/**
 * Reads the number a synthetic camera shows: 4 × 3 cells, eight bits of number and four of checksum, bright is 1
 * (the format is defined in loadtest/src/colour_code.rs). These functions run in the page: they use nothing from
 * outside.
 */

/** Number in the frame that the element shows now; null when the checksum does not fit. */
export function readCode(source: CanvasImageSource, context: CanvasRenderingContext2D): number | null {
  const columns = 4;
  const rows = 3;
  const cell = 8;
  context.drawImage(source, 0, 0, columns * cell, rows * cell);
  const pixels = context.getImageData(0, 0, columns * cell, rows * cell).data;
  let code = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let y = 3; y < 5; y++) {
        for (let x = 3; x < 5; x++) {
          const at = ((row * cell + y) * columns * cell + column * cell + x) * 4;
          sum += 0.299 * (pixels[at] ?? 0) + 0.587 * (pixels[at + 1] ?? 0) + 0.114 * (pixels[at + 2] ?? 0);
        }
      }
      code = code * 2 + (sum / 4 >= 128 ? 1 : 0);
    }
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
