import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import { App } from './App';
import { LocaleProvider, pickLocale } from './i18n';
import { browserIsTooOld, TooOld } from './TooOld';

const locale = pickLocale(navigator.languages);
document.documentElement.lang = locale.tag;

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <LocaleProvider locale={locale}>{browserIsTooOld() ? <TooOld /> : <App />}</LocaleProvider>
  </StrictMode>,
);
