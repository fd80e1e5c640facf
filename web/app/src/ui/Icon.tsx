import type { SVGProps } from 'react';

/** Line icons on a 24 × 24 field, drawn for this page. */
const paths = {
  mic: 'M12 3.5a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0v-5a3 3 0 0 0-3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.7',
  micOff:
    'M4 4l16 16M9 9v2.5a3 3 0 0 0 4.6 2.5M15 11V6.5a3 3 0 0 0-5.7-1.3M5.5 11.5a6.5 6.5 0 0 0 10.4 5.2M18.5 11.5c0 .9-.2 1.8-.5 2.5M12 18v2.7',
  camera:
    'M4.8 6.5h8.4a1.8 1.8 0 0 1 1.8 1.8v7.4a1.8 1.8 0 0 1-1.8 1.8H4.8A1.8 1.8 0 0 1 3 15.7V8.3a1.8 1.8 0 0 1 1.8-1.8ZM15 10.8l6-3.3v9l-6-3.3',
  cameraOff:
    'M4 4l16 16M10 6.5h3.2A1.8 1.8 0 0 1 15 8.3v2.5l6-3.3v9M15 15.5v.2a1.8 1.8 0 0 1-1.8 1.8H4.8A1.8 1.8 0 0 1 3 15.7V8.3a1.8 1.8 0 0 1 1.8-1.8H6.5',
  share:
    'M4.5 5h15A1.5 1.5 0 0 1 21 6.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15.5v-9A1.5 1.5 0 0 1 4.5 5ZM9 20.5h6M12 13.8V8.3M9.4 10.7 12 8.1l2.6 2.6',
  shareStop:
    'M4.5 5h15A1.5 1.5 0 0 1 21 6.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 15.5v-9A1.5 1.5 0 0 1 4.5 5ZM9 20.5h6M9.7 8.7l4.6 4.6M14.3 8.7l-4.6 4.6',
  chat: 'M5.5 4.5h13A2.5 2.5 0 0 1 21 7v7a2.5 2.5 0 0 1-2.5 2.5H12l-4.5 3.7v-3.7h-2A2.5 2.5 0 0 1 3 14V7a2.5 2.5 0 0 1 2.5-2.5ZM7.5 9h9M7.5 12.3h5.5',
  people:
    'M9 11.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6ZM3 19.2c0-3 2.6-4.8 6-4.8s6 1.8 6 4.8M15.8 11.3a2.9 2.9 0 1 0-.8-5.6M17.3 14.6c2.2.4 3.7 1.9 3.7 4.1',
  layout:
    'M4.5 4.5h15A1.5 1.5 0 0 1 21 6v12a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18V6a1.5 1.5 0 0 1 1.5-1.5ZM15 4.5v15M15 9.5h6M15 14.5h6',
  details: 'M3.5 12h3.7l2.3-6.5 4.6 13 2.5-6.5h3.9',
  invite:
    'M10 11.5a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8ZM3.5 19.5c.2-3.2 2.9-5.2 6.5-5.2 1.5 0 2.9.4 4 1M18 14v6M15 17h6',
  leave:
    'M3.3 13.8c-.5-.9-.3-2 .5-2.7C6 9.2 8.9 8.2 12 8.2s6 1 8.2 2.9c.8.7 1 1.8.5 2.7l-.8 1.3c-.4.7-1.3 1-2.1.7l-2.6-1c-.7-.3-1.1-1-1.1-1.7v-1.2a9.6 9.6 0 0 0-4.2 0v1.2c0 .7-.4 1.4-1.1 1.7l-2.6 1c-.8.3-1.7 0-2.1-.7Z',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  close: 'M6 6l12 12M18 6 6 18',
  up: 'M7 14.5l5-5 5 5',
  left: 'M14.5 6.5 9 12l5.5 5.5',
  right: 'M9.5 6.5 15 12l-5.5 5.5',
  pin: 'M9 4.5h6l-.6 5.3 3.1 3.2v1.5h-11V13l3.1-3.2ZM12 14.5v5.5',
  send: 'M4.5 12 20 4.5 15.5 20l-3.8-6.2ZM11.7 13.8 20 4.5',
  link: 'M10.3 13.7a3.8 3.8 0 0 0 5.4 0l3-3a3.8 3.8 0 0 0-5.4-5.4l-1 1M13.7 10.3a3.8 3.8 0 0 0-5.4 0l-3 3a3.8 3.8 0 0 0 5.4 5.4l1-1',
  check: 'M5 12.5l4.7 4.7L19 7.5',
  signalPoor: 'M4.5 19v-4M9.5 19v-8.5M14.5 19V6M20 6.5v7.5M20 18.6h.01',
  speaker: 'M4 9.5h3.2L12 5.5v13l-4.8-4H4ZM15.5 9a4.3 4.3 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  warning: 'M12 4.3 21 19.5H3ZM12 10v4.5M12 17h.01',
  plus: 'M12 5v14M5 12h14',
  shield: 'M12 3.5l7 2.7v5.3c0 4.3-2.9 7.3-7 9-4.1-1.7-7-4.7-7-9V6.2Z',
} as const;

export type IconName = keyof typeof paths;

/** Decoration only: the control around it carries the words. */
export function Icon({ name, size = 22, ...rest }: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      aria-hidden="true"
      focusable="false"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.6 : name === 'signalPoor' ? 2.2 : 1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      {...rest}
    >
      <path d={paths[name]} />
    </svg>
  );
}
