// The types of greenroom.js. Those of the documents are made from their schema: documents.d.ts.
import type { Answer, Completion, Prompt, Turn } from "./documents";

export type { Answer, Completion, Prompt, Turn } from "./documents";

/** A turn, with what is asked of it most. */
export type AskedTurn = Turn.TurnDocument & {
  /** All words of the turn, one message per line. */
  readonly text: string;
  /** The id of the option that was picked last. */
  readonly choice?: string;
  /** The token of the wake-up that is due. */
  readonly wakeToken?: string;
};

declare global {
  /** Goes to the log. Merges with the type of a library that has one. */
  interface Console {
    debug(...values: unknown[]): void;
    log(...values: unknown[]): void;
    info(...values: unknown[]): void;
    warn(...values: unknown[]): void;
    error(...values: unknown[]): void;
  }
  var console: Console;
}

export const memory: {
  get(key: string): string | undefined;
  set(key: string, value: string | number | boolean): void;
  delete(key: string): void;
  keys(): string[];
  load<T>(key: string, otherwise: T): T;
  save(key: string, value: unknown): void;
};

export const media: {
  read(medium: number): Uint8Array;
  put(mime: string, bytes: Uint8Array): number;
};

export function settings<T = Record<string, unknown>>(): T;

export interface HttpResponse {
  status: number;
  ok: boolean;
  headers: Record<string, string>;
  bytes: Uint8Array;
  text(): string;
  json<T = unknown>(): T;
}

export function http(
  url: string,
  options?: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array | object },
): HttpResponse;

export function ask(role: string, prompt: string | Prompt.PromptDocument): Completion.CompletionDocument;

/** A handler is a plain function: calls of the host wait. Nothing is silence, a text is one reply. */
export type Handler = (turn: AskedTurn) => Answer.AnswerDocument | string | null | undefined;

export function plugin(respond: Handler): { respond(document: string): string };
