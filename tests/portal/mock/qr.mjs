// Something that looks like a QR code. It cannot be scanned; it differs for different texts.

import { createHash } from 'node:crypto';

const SIZE = 37;

export function drawn(text) {
  const bits = [];
  for (let n = 0; bits.length < SIZE * SIZE; n += 1) {
    for (const byte of createHash('sha256').update(`${text} ${n}`).digest()) for (let bit = 0; bit < 8; bit += 1) bits.push((byte >> bit) & 1);
  }
  const finder = (x, y) => [[0, 0], [SIZE - 7, 0], [0, SIZE - 7]].map(([left, top]) => [x - left, y - top]).find(([dx, dy]) => dx >= -1 && dx <= 7 && dy >= -1 && dy <= 7);
  let path = '';
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) {
      const near = finder(x, y);
      const dark = near ? near.every((d) => d >= 0 && d <= 6) && (near.some((d) => d === 0 || d === 6) || near.every((d) => d >= 2 && d <= 4)) : bits[y * SIZE + x];
      if (dark) path += `M${x + 1} ${y + 1}h1v1h-1z`;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE + 2} ${SIZE + 2}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${SIZE + 2}v${SIZE + 2}H0z"/><path d="${path}"/></svg>`;
}
