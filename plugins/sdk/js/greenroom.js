// Write an assistant of Greenroom as a sandboxed plugin, in JavaScript or TypeScript.
//
//   import { plugin, memory } from "greenroom-plugin";
//   export const assistant = plugin((turn) => ({ replies: [{ text: `You said: ${turn.text}` }] }));
//
// The handler is a plain function: what it asks of the host (memory, http, ask) waits and returns. What it returns is the
// document of an answer, a text, or nothing for silence; what it throws is told to the owner and counts as a failed attempt.
import host from "greenroom:plugin/host";
import hostHttp from "greenroom:plugin/http";
import hostMedia from "greenroom:plugin/media";
import hostMemory from "greenroom:plugin/memory";
import hostModels from "greenroom:plugin/models";

// The engine's own generator is frozen into the component: each turn would draw the same numbers.
Math.random = () => host.random();

const shown = (values) =>
  values.map((value) => (typeof value === "string" ? value : value instanceof Error ? `${value}` : JSON.stringify(value))).join(" ");
globalThis.console = {
  debug: (...values) => host.log("debug", shown(values)),
  log: (...values) => host.log("info", shown(values)),
  info: (...values) => host.log("info", shown(values)),
  warn: (...values) => host.log("warn", shown(values)),
  error: (...values) => host.log("warn", shown(values)),
};

/** What is remembered of this conversation. Kept together with the answer, or not at all. */
export const memory = {
  get: (key) => hostMemory.get(key) ?? undefined,
  set: (key, value) => hostMemory.set(key, String(value)),
  delete: (key) => hostMemory.delete(key),
  keys: () => [...hostMemory.keys()],
  /** Any value that has a JSON form. */
  load: (key, otherwise) => {
    const text = hostMemory.get(key);
    return text === undefined || text === null ? otherwise : JSON.parse(text);
  },
  save: (key, value) => hostMemory.set(key, JSON.stringify(value)),
};

/** Pictures, sounds and files by number. */
export const media = {
  read: (medium) => {
    const parts = [];
    let length = 0;
    for (;;) {
      const part = hostMedia.read(medium, length, 1024 * 1024);
      if (part.length === 0) break;
      parts.push(part);
      length += part.length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  },
  put: (mime, bytes) => hostMedia.put(mime, bytes),
};

/** The settings, as the manifest declares them. */
export const settings = () => JSON.parse(host.settings());

// QuickJS has neither TextEncoder nor TextDecoder.
const encode = (text) => Uint8Array.from(unescape(encodeURIComponent(text)), (char) => char.charCodeAt(0));
const decode = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.slice(at, at + 4096));
  return decodeURIComponent(escape(text));
};

const failure = (error) => new Error(error?.payload ?? error?.message ?? String(error));

/** A request to a host that the owner granted. Waits for the response; throws where there is none. */
export function http(url, { method = "GET", headers = {}, body } = {}) {
  const json = body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array);
  const bytes = body === undefined || body instanceof Uint8Array ? body : encode(json ? JSON.stringify(body) : body);
  const all = Object.entries(json ? { "content-type": "application/json", ...headers } : headers);
  let response;
  try {
    response = hostHttp.send({ method, url, headers: all, body: bytes });
  } catch (error) {
    throw failure(error);
  }
  const received = Uint8Array.from(response.body);
  return {
    status: response.status,
    ok: response.status >= 200 && response.status < 300,
    headers: Object.fromEntries(response.headers),
    bytes: received,
    text: () => decode(received),
    json: () => JSON.parse(decode(received)),
  };
}

/** Asks the model that the owner granted for a role. A text is a person's; or a prompt document. Throws where it says nothing. */
export function ask(role, prompt) {
  const document = typeof prompt === "string" ? { messages: [{ from: "person", text: prompt }] } : prompt;
  try {
    return JSON.parse(hostModels.ask(role, JSON.stringify(document)));
  } catch (error) {
    throw failure(error);
  }
}

/** Makes a function the assistant of this plugin: `export const assistant = plugin(respond)`. */
export function plugin(respond) {
  return {
    respond: (document) => {
      const turn = JSON.parse(document);
      const words = turn.messages.map((message) => message.text).filter((text) => text);
      Object.defineProperties(turn, {
        text: { value: words.join("\n") },
        choice: { value: turn.messages.findLast((message) => message.choice !== undefined)?.choice },
        wakeToken: { value: turn.messages.find((message) => message.wake !== undefined)?.wake },
      });
      const answer = respond(turn);
      if (answer instanceof Promise) throw new Error("the handler is async; handlers are plain functions, and calls of the host wait");
      if (answer === undefined || answer === null) return "{}";
      return JSON.stringify(typeof answer === "string" ? { replies: [{ text: answer }] } : answer);
    },
  };
}
