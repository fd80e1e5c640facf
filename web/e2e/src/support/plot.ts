/** A plot of two calls through the same link, as SVG written by hand. */
import type { Recording } from './samples.ts';

const [WIDTH, PANEL, LEFT, RIGHT, TOP] = [900, 190, 56, 48, 44];
const MAX_KBPS = 3500;
const MAX_HEIGHT = 800;
/** One reading is too coarse for a rate: frames are bursts. */
const SMOOTH = 5;

export interface Panel {
  name: string;
  recording: Recording;
}

/** `link`: from each second on so many kb/s, null without a limit worth showing. */
export function plot(title: string, seconds: number, link: [number, number][], panels: Panel[]): string {
  const height = TOP + panels.length * (PANEL + 40) + 14;
  const parts = panels.map((panel, index) => drawPanel(panel, TOP + 18 + index * (PANEL + 40), seconds, link));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="20" font-size="15" font-weight="bold">${title}</text>
<g transform="translate(${LEFT} 38)">
<path d="M0 -4h20" stroke="#1f6fb4" stroke-width="2"/><text x="26">received, kb/s (left)</text>
<path d="M180 -4h20" stroke="#777" stroke-dasharray="5 3"/><text x="206">link, kb/s (left)</text>
<path d="M340 -4h20" stroke="#d9730d" stroke-width="2"/><text x="366">height (right)</text>
<rect x="480" y="-11" width="20" height="12" fill="#d33" opacity=".3"/><text x="506">picture stands still for 0.25 s or more</text>
</g>
${parts.join('\n')}
</svg>
`;
}

function drawPanel({ name, recording }: Panel, top: number, seconds: number, link: [number, number][]): string {
  const x = (at: number): number => round(LEFT + (Math.min(Math.max(at, 0), seconds) / seconds) * plotWidth());
  const y = (kbps: number): number => round(top + PANEL * (1 - Math.min(kbps, MAX_KBPS) / MAX_KBPS));
  const h = (pixels: number): number => round(top + PANEL * (1 - Math.min(pixels, MAX_HEIGHT) / MAX_HEIGHT));
  const { samples, gaps } = recording;
  const rates = samples.flatMap((sample, index) => {
    const before = samples[index - SMOOTH];
    if (!before) return [];
    const kbps = ((sample.bytes - before.bytes) * 8) / (sample.at - before.at) / 1000;
    return [`${x((sample.at + before.at) / 2)},${y(kbps)}`];
  });
  const heights = samples.map((sample, index) => {
    const next = samples[index + 1] ?? sample;
    return `${x(sample.at)},${h(sample.frameHeight)} ${x(next.at)},${h(sample.frameHeight)}`;
  });
  const steps = link.flatMap(([at, kbps], index) => [
    `${x(at)},${y(kbps)}`,
    `${x(link[index + 1]?.[0] ?? seconds)},${y(kbps)}`,
  ]);
  const still = gaps.map(
    ([from, to]) =>
      `<rect x="${x(from)}" y="${top}" width="${round(Math.max(1, x(to) - x(from)))}" height="${PANEL}" fill="#d33" opacity=".3"/>`,
  );
  return `<g>
<text x="${LEFT + 6}" y="${top - 5}" font-weight="bold">${name}</text>
${still.join('')}
${axes(top, seconds, x, y, h)}
<polyline points="${steps.join(' ')}" fill="none" stroke="#777" stroke-dasharray="5 3"/>
<polyline points="${heights.join(' ')}" fill="none" stroke="#d9730d" stroke-width="2"/>
<polyline points="${rates.join(' ')}" fill="none" stroke="#1f6fb4" stroke-width="2"/>
</g>`;
}

type Scale = (value: number) => number;

function axes(top: number, seconds: number, x: Scale, y: Scale, h: Scale): string {
  const lines = [`<rect x="${LEFT}" y="${top}" width="${plotWidth()}" height="${PANEL}" fill="none" stroke="#bbb"/>`];
  for (let kbps = 0; kbps <= MAX_KBPS; kbps += 1000) {
    lines.push(`<path d="M${LEFT} ${y(kbps)}h${plotWidth()}" stroke="#eee"/>`);
    lines.push(`<text x="${LEFT - 6}" y="${y(kbps) + 4}" text-anchor="end">${kbps}</text>`);
  }
  for (const pixels of [180, 360, 720]) {
    lines.push(`<text x="${WIDTH - RIGHT + 6}" y="${h(pixels) + 4}" fill="#d9730d">${pixels}p</text>`);
  }
  for (let at = 0; at <= seconds; at += 10) {
    lines.push(`<text x="${x(at)}" y="${top + PANEL + 14}" text-anchor="middle">${at} s</text>`);
  }
  return lines.join('');
}

const plotWidth = (): number => WIDTH - LEFT - RIGHT;
const round = (value: number): number => Math.round(value * 10) / 10;
