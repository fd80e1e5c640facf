/** Numbers for the details panel. */

export function bitrate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1_000_000) return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mb/s`;
  return `${Math.round(bitsPerSecond / 1_000)} kb/s`;
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

export function milliseconds(ms: number): string {
  return ms > 0 && ms < 1 ? '< 1 ms' : `${Math.round(ms)} ms`;
}

export function picture(width: number, height: number, framesPerSecond: number): string {
  return height === 0 ? '–' : `${width}×${height} · ${Math.round(framesPerSecond)}`;
}

/** An SVG path through the values, scaled to their largest. */
export function sparkline(values: readonly number[], width: number, height: number, points: number): string {
  const largest = Math.max(...values, 1);
  const step = width / Math.max(1, points - 1);
  const left = width - step * (values.length - 1);
  return values
    .map((value, index) => {
      const x = left + index * step;
      const y = height - 1 - (value / largest) * (height - 2);
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
