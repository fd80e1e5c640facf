import 'react';

declare module 'react' {
  interface CSSProperties {
    /** Custom properties, set through the CSSOM: a content security policy without inline styles allows that. */
    [name: `--${string}`]: string | number | undefined;
  }
}
