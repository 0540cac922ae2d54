// Line icons on a grid of 24, drawn in the colour of the text.

import { svg, html } from '../lit.js';

const paths = {
  channels: svg`<path d="M4 6.500A2.500 2.500 0 0 1 6.500 4h11A2.500 2.500 0 0 1 20 6.500v7a2.500 2.500 0 0 1-2.500 2.500H11l-4.500 4v-4A2.500 2.500 0 0 1 4 13.500z"/>`,
  chats: svg`<path d="M8 14H6l-3 3V6.500A2.500 2.500 0 0 1 5.500 4h8A2.500 2.500 0 0 1 16 6.500V8"/><path d="M10.500 10h8a2.500 2.500 0 0 1 2.500 2.500V21l-3-3h-7.500A2.500 2.500 0 0 1 8 15.500v-3a2.500 2.500 0 0 1 2.500-2.500z"/>`,
  why: svg`<path d="M6 3v6m0 0a3 3 0 0 0 3 3h6a3 3 0 0 1 3 3v6M6 9v12"/><circle cx="6" cy="3.500" r="1.500"/><circle cx="6" cy="20.500" r="1.500"/><circle cx="18" cy="20.500" r="1.500"/>`,
  health: svg`<path d="M3 12h4l2.500-6 4 12 2.500-6h5"/>`,
  people: svg`<circle cx="9" cy="8" r="3.500"/><path d="M2.500 20a6.500 6.500 0 0 1 13 0"/><path d="M16 4.800a3.500 3.500 0 0 1 0 6.400M18.500 14.500A6.500 6.500 0 0 1 21.500 20"/>`,
  usage: svg`<path d="M4 20V10m5.500 10V4M15 20v-7m5 7V8"/>`,
  assistants: svg`<path d="M12 3v3M5.500 8h13A1.500 1.500 0 0 1 20 9.500v8a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 17.500v-8A1.500 1.500 0 0 1 5.500 8z"/><path d="M9 12.500v1.500m6-1.500v1.500"/>`,
  settings: svg`<path d="M4 7h9m5 0h2M4 17h2m5 0h9"/><circle cx="15.500" cy="7" r="2.500"/><circle cx="8.500" cy="17" r="2.500"/>`,
  waiting: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 7v5l3.500 2"/>`,
  more: svg`<circle cx="5" cy="12" r="1.300"/><circle cx="12" cy="12" r="1.300"/><circle cx="19" cy="12" r="1.300"/>`,
  check: svg`<path d="m5 12.500 4.500 4.500L19 7.500"/>`,
  cross: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  warn: svg`<path d="M12 4 2.800 19.500h18.400z"/><path d="M12 10v4.500m0 2.500v.1"/>`,
  info: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 11v5m0-8.500v.1"/>`,
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  copy: svg`<rect x="8.500" y="8.500" width="11.500" height="11.500" rx="2"/><path d="M15.500 8.500V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7.500a2 2 0 0 0 2 2h2.500"/>`,
  trash: svg`<path d="M4.500 7h15M9.500 7V4.500h5V7m-8 0 .8 12.500h9.400L17.500 7"/>`,
  phone: svg`<rect x="7" y="2.500" width="10" height="19" rx="2.500"/><path d="M11 18.500h2"/>`,
  store: svg`<path d="M4 10v10h16V10M3 10l2-6h14l2 6a3 3 0 0 1-6 0 3 3 0 0 1-6 0 3 3 0 0 1-6 0z"/><path d="M10 20v-5h4v5"/>`,
  terminal: svg`<rect x="3" y="4.500" width="18" height="15" rx="2.500"/><path d="m7 10 3 2.500L7 15m5.500 0H17"/>`,
  refresh: svg`<path d="M20 11a8 8 0 0 0-14.300-4L3 9.500m0 0V4m0 5.500h5.500M4 13a8 8 0 0 0 14.300 4l2.700-2.500m0 0V20m0-5.500h-5.500"/>`,
  unlink: svg`<path d="M9.500 7.500 12 5a4.600 4.600 0 0 1 6.500 6.500L16 14m-1.500 2.500L12 19a4.600 4.600 0 0 1-6.500-6.500L8 10M4 4l16 16"/>`,
  back: svg`<path d="m14.500 5-7 7 7 7"/>`,
  next: svg`<path d="m9.500 5 7 7-7 7"/>`,
  pause: svg`<path d="M8.500 5v14m7-14v14"/>`,
  play: svg`<path d="m7.500 4.500 12 7.500-12 7.500z"/>`,
  send: svg`<path d="M4 12 3 4l18 8-18 8z"/><path d="M4 12h8"/>`,
  sun: svg`<circle cx="12" cy="12" r="4"/><path d="M12 2.500v2m0 15v2M2.500 12h2m15 0h2M5.300 5.300l1.400 1.400m10.600 10.600 1.400 1.400m0-13.400-1.400 1.400M6.700 17.300l-1.400 1.400"/>`,
  moon: svg`<path d="M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z"/>`,
  auto: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 3.500v17a8.500 8.500 0 0 0 0-17z" fill="currentColor"/>`,
  search: svg`<circle cx="10.500" cy="10.500" r="6.500"/><path d="m15.500 15.500 5 5"/>`,
  out: svg`<path d="M14 4.500H6.500A1.500 1.500 0 0 0 5 6v12a1.500 1.500 0 0 0 1.500 1.500H14M10 12h11m0 0-3.500-3.500M21 12l-3.500 3.500"/>`,
  key: svg`<circle cx="8" cy="15.500" r="4.500"/><path d="m11.500 12.500 8-8m-3 3 2.500 2.500"/>`,
  group: svg`<circle cx="12" cy="8" r="3.500"/><path d="M5.500 20a6.500 6.500 0 0 1 13 0M4.500 11.500a2.500 2.500 0 0 1 0-4.800M19.500 11.500a2.500 2.500 0 0 0 0-4.800"/>`,
};

/** @typedef {keyof typeof paths} Icon */

/** An icon beside words; it says nothing by itself. @param {Icon} name */
export const icon = (name) => html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${paths[name]}</svg>`;
