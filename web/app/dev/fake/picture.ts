/** Pictures that stand in for people and screens. */

interface Face {
  hue: number;
  skin: string;
  hair: string;
}

function drawPerson(context: CanvasRenderingContext2D, { hue, skin, hair }: Face, time: number): void {
  const { width, height } = context.canvas;
  const wall = context.createLinearGradient(0, 0, width, height);
  wall.addColorStop(0, `hsl(${hue} 26% 78%)`);
  wall.addColorStop(1, `hsl(${hue} 22% 52%)`);
  context.fillStyle = wall;
  context.fillRect(0, 0, width, height);
  const x = width / 2 + Math.sin(time / 1400 + hue) * width * 0.012;
  const y = height * 0.44 + Math.sin(time / 900 + hue) * height * 0.008;
  const size = height * 0.17;
  const ellipse = (ex: number, ey: number, rx: number, ry: number, colour: string) => {
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(ex, ey, rx, ry, 0, 0, Math.PI * 2);
    context.fill();
  };
  ellipse(x, y - size * 0.25, size * 1.12, size * 1.22, hair);
  ellipse(x, height * 1.06, size * 2.5, size * 2.3, `hsl(${(hue + 190) % 360} 30% 38%)`);
  ellipse(x, y + size * 1.2, size * 0.45, size * 0.7, skin);
  ellipse(x, y + size * 0.1, size * 0.86, size * 1.1, skin);
  ellipse(x - size * 0.32, y, size * 0.08, size * 0.1, '#2a211d');
  ellipse(x + size * 0.32, y, size * 0.08, size * 0.1, '#2a211d');
  ellipse(x, y + size * 0.55, size * 0.26, size * (0.06 + 0.05 * Math.abs(Math.sin(time / 260 + hue))), '#8d4a45');
}

function drawScreen(context: CanvasRenderingContext2D, time: number): void {
  const { width, height } = context.canvas;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#20242b';
  context.fillRect(0, 0, width, 54);
  context.fillStyle = '#ffffff';
  context.font = '600 24px system-ui, sans-serif';
  context.fillText('Quarterly plan', 28, 36);
  const bars = [0.42, 0.55, 0.5, 0.68, 0.74, 0.9];
  for (const [index, value] of bars.entries()) {
    const grown = value * (0.96 + 0.04 * Math.sin(time / 700 + index));
    context.fillStyle = index === bars.length - 1 ? '#1f7a5c' : '#b9d6ca';
    context.fillRect(90 + index * 180, height - 90 - grown * 420, 110, grown * 420);
  }
  context.fillStyle = '#3a3f47';
  context.font = '20px system-ui, sans-serif';
  for (const index of bars.keys()) context.fillText(`Q${(index % 4) + 1}`, 130 + index * 180, height - 54);
}

/** A video track drawn 12 times a second; `stop` it when done. */
function canvasTrack(width: number, height: number, draw: (context: CanvasRenderingContext2D, time: number) => void) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  const track = canvas.captureStream(12).getVideoTracks()[0];
  if (!context || !track) throw new Error('no canvas');
  const timer = setInterval(() => {
    if (track.readyState === 'ended') clearInterval(timer);
    draw(context, performance.now());
  }, 80);
  draw(context, 0);
  return track;
}

const SKINS = ['#f0c9a8', '#c98f63', '#8a5a3c', '#e8b88f', '#5f3d2a'];
const HAIR = ['#2b1d14', '#5b3a20', '#111111', '#8a6a3a', '#3a3a3f'];

export function personTrack(index: number): MediaStreamTrack {
  const face = { hue: (index * 67 + 25) % 360, skin: SKINS[index % 5] ?? '', hair: HAIR[(index * 3) % 5] ?? '' };
  return canvasTrack(640, 360, (context, time) => drawPerson(context, face, time));
}

export function screenTrack(): MediaStreamTrack {
  return canvasTrack(1280, 720, drawScreen);
}
