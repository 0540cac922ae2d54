// A guest that does what the first word of the turn says: everything that a broken or hostile plugin might do.
import { ask, http, media, memory, plugin } from "greenroom-plugin";

let left = "";
const deep = (depth) => (depth < 0 ? 0 : deep(depth + 1) + 1);

const deeds = {
  loop: () => {
    for (;;);
  },
  regex: (rest) => String(/^(a+)+$/.test(rest)),
  memory: () => {
    const all = [];
    for (;;) all.push(new Uint8Array(1024 * 1024).fill(1));
  },
  recursion: () => String(deep(0)),
  huge: (rest) => "x".repeat(Number(rest)),
  panic: (rest) => {
    throw new Error(rest);
  },
  say: (rest) => {
    throw new Error(rest);
  },
  "stateful-panic": () => {
    memory.set("half", "done");
    throw new Error("with state");
  },
  http: (rest) => {
    const response = http(rest);
    return `${response.status} ${response.text()}`;
  },
  "http-often": () => {
    for (let i = 0; i < 1000; i++) {
      try {
        http("https://forbidden.example/");
      } catch {}
    }
    return "sent";
  },
  random: () => String(Math.random()),
  log: () => {
    for (let i = 0; i < 2000; i++) console.log("y".repeat(10000));
    return "logged";
  },
  ask: (rest) => ask("writer", rest).text,
  "ask-often": () => {
    for (let i = 0; i < 1000; i++) {
      try {
        ask("writer", "a");
      } catch {}
    }
    return "asked";
  },
  remember: (rest) => {
    const before = memory.get("last");
    memory.set("last", rest);
    return `before: ${before ?? "nothing"}`;
  },
  hoard: () => {
    for (let i = 0; i < 100000; i++) memory.set(String(i), "z".repeat(1000));
    return "kept";
  },
  medium: (rest) => String(media.read(Number(rest)).length),
  media: () => {
    const bytes = new Uint8Array(5 * 1024 * 1024);
    for (let i = 0; i < 100; i++) media.put("image/png", bytes);
    return "made";
  },
  picture: () => ({ replies: [{ image: { medium: media.put("image/png", new Uint8Array([1, 2, 3])) }, text: "made" }] }),
  wrong: () => ({ replies: [{ txt: 1 }] }),
  never: (rest) => ({ never: rest }),
  static: (rest) => {
    const before = left;
    left = rest;
    return `left: ${before}`;
  },
};

export const assistant = plugin((turn) => {
  const at = turn.text.indexOf(" ");
  const [word, rest] = at < 0 ? [turn.text, ""] : [turn.text.slice(0, at), turn.text.slice(at + 1)];
  const deed = Object.hasOwn(deeds, word) ? deeds[word] : undefined;
  return deed ? deed(rest) : turn.text || null;
});
