// Made by types.mjs from plugins/schema.

export namespace Turn {
  /**
   * One message of a turn.
   */
  export type MessageDocument = {
    /**
     * When it was written.
     */
    at: number;
    /**
     * Its id on the network, for `to` of a reaction.
     */
    id: string;
    /**
     * What it answers.
     */
    quote?: QuoteDocument | null;
    [k: string]: unknown;
  } & MessageDocument1;
  export type MessageDocument1 =
    | {
        kind: "text";
        /**
         * The words.
         */
        text: string;
        [k: string]: unknown;
      }
    | {
        /**
         * The picture; missing where the assistant does not look at pictures.
         */
        image?: MediumDocument | null;
        kind: "image";
        /**
         * The words below it.
         */
        text?: string | null;
        [k: string]: unknown;
      }
    | {
        kind: "voice";
        /**
         * What was said.
         */
        text: string;
        voice: VoiceDocument;
        [k: string]: unknown;
      }
    | {
        /**
         * The option's id.
         */
        choice: string;
        kind: "choice";
        /**
         * Its title.
         */
        text: string;
        [k: string]: unknown;
      }
    | {
        document: FileDocument;
        kind: "document";
        /**
         * The words below it.
         */
        text?: string | null;
        [k: string]: unknown;
      }
    | {
        kind: "location";
        location: LocationDocument;
        [k: string]: unknown;
      }
    | {
        /**
         * The people; never empty.
         */
        contacts: ContactDocument[];
        kind: "contacts";
        [k: string]: unknown;
      }
    | {
        kind: "reaction";
        reaction: ReactionDocument;
        [k: string]: unknown;
      }
    | {
        kind: "wake";
        /**
         * What it asked to be reminded of.
         */
        wake: string;
        [k: string]: unknown;
      }
    | {
        kind: "unsupported";
        /**
         * The words that came with it; may be empty.
         */
        text: string;
        /**
         * Which kind, as the network calls it.
         */
        unsupported: string;
        [k: string]: unknown;
      }
    | {
        kind: "unknown";
        [k: string]: unknown;
      };

  /**
   * What an assistant is asked. Keys that a reader does not know are to be ignored: later versions may have more.
   */
  export interface TurnDocument {
    /**
     * The name under which the assistant is configured.
     */
    assistant: string;
    /**
     * Which attempt this is, from 1.
     */
    attempt: number;
    /**
     * What can be said here as it is; the rest becomes words.
     */
    can: string[];
    /**
     * The name of the channel.
     */
    channel: string;
    chat: ChatDocument;
    /**
     * The conversation. A text to compare.
     */
    conversation: string;
    /**
     * How long the answer may take from then on, in milliseconds.
     */
    deadline_ms: number;
    /**
     * What was said before, oldest first.
     */
    history?: PastDocument[];
    /**
     * The language in which they are spoken to: a BCP 47 tag such as `de-AT`.
     */
    language?: string | null;
    /**
     * The bytes of the media that messages name by number. A plugin reads them from its host instead.
     */
    media?: CarriedMedium[];
    /**
     * What the last answer remembered here.
     */
    memory?: {
      [k: string]: string;
    };
    /**
     * What was written, oldest first; never empty.
     */
    messages: MessageDocument[];
    /**
     * The network, such as `whatsapp-cloud`.
     */
    network: string;
    /**
     * The present moment, in milliseconds since 1970-01-01T00:00:00Z, like every time in this document.
     */
    now: number;
    /**
     * Group talk since the last turn that was not for the bot, oldest first.
     */
    overheard?: OverheardDocument[];
    person: PersonDocument;
    /**
     * The time zone of the people here: an IANA name such as `Europe/Zurich`.
     */
    time_zone?: string | null;
    /**
     * The turn. The same in every attempt, so that its effects can be recognised. A text to compare, not to take apart.
     */
    turn: string;
    /**
     * What the bot said here lately and the network did not deliver.
     */
    undelivered?: UndeliveredDocument[];
    /**
     * The version of this document: 1.
     */
    v: number;
    /**
     * The wake-ups that wait here, the earliest first.
     */
    wakes?: WakeDocument[];
    [k: string]: unknown;
  }
  /**
   * The chat.
   */
  export interface ChatDocument {
    /**
     * Its kind.
     */
    kind: "direct" | "group";
    /**
     * The title of a group, where it is known.
     */
    title?: string | null;
    [k: string]: unknown;
  }
  /**
   * A turn that was answered.
   */
  export interface PastDocument {
    /**
     * What was answered; empty if it was silence.
     */
    answered: string;
    /**
     * What was asked; a picture or voice note as its words.
     */
    asked: string;
    /**
     * When.
     */
    at: number;
    /**
     * The name of the person who asked.
     */
    name?: string | null;
    [k: string]: unknown;
  }
  /**
   * A medium with its bytes, as a document carries it where there is no other way.
   */
  export interface CarriedMedium {
    /**
     * Its bytes in base64 (RFC 4648, section 4, padded).
     */
    base64: string;
    /**
     * Its number. In an answer: one that the turn does not use, such as 1000.
     */
    medium: number;
    /**
     * Its type, such as `image/png`.
     */
    mime: string;
  }
  /**
   * The message that another one answers.
   */
  export interface QuoteDocument {
    /**
     * Whether the text is only what the one who quotes it claims.
     */
    claimed?: boolean;
    /**
     * Its id.
     */
    id: string;
    /**
     * Whether it is a message of the bot.
     */
    ours: boolean;
    /**
     * What it says, where it is known.
     */
    text?: string | null;
    [k: string]: unknown;
  }
  /**
   * A picture of a message.
   */
  export interface MediumDocument {
    /**
     * How many bytes it has.
     */
    bytes: number;
    /**
     * The number of its bytes; missing if they are too many for a document.
     */
    medium?: number | null;
    /**
     * Its type, such as `image/jpeg`.
     */
    mime: string;
    [k: string]: unknown;
  }
  /**
   * What else is known of it.
   */
  export interface VoiceDocument {
    /**
     * How sure the speech model is, from 0 to 1.
     */
    confidence?: number | null;
    /**
     * Its language, as a two-letter code.
     */
    language?: string | null;
    /**
     * How long it is, in seconds.
     */
    seconds: number;
    [k: string]: unknown;
  }
  /**
   * The file.
   */
  export interface FileDocument {
    /**
     * How many bytes it has.
     */
    bytes?: number;
    /**
     * The number of its bytes; missing if they are too many for a document.
     */
    medium?: number | null;
    /**
     * Its type, such as `image/jpeg`.
     */
    mime?: string;
    /**
     * Its name, as the sender calls it. Not a path, and not to be trusted.
     */
    name?: string | null;
    [k: string]: unknown;
  }
  /**
   * The place.
   */
  export interface LocationDocument {
    /**
     * Its address.
     */
    address?: string | null;
    /**
     * Degrees north, from -90 to 90.
     */
    latitude: number;
    /**
     * Degrees east, from -180 to 180.
     */
    longitude: number;
    /**
     * What it is called.
     */
    name?: string | null;
    [k: string]: unknown;
  }
  /**
   * A person from an address book.
   */
  export interface ContactDocument {
    /**
     * The name.
     */
    name?: string | null;
    /**
     * Phone numbers as they are written there.
     */
    phones: string[];
    [k: string]: unknown;
  }
  /**
   * The emoji, and below which message.
   */
  export interface ReactionDocument {
    /**
     * The emoji; missing if it was taken back.
     */
    emoji?: string | null;
    /**
     * The id of the message.
     */
    to: string;
    [k: string]: unknown;
  }
  /**
   * A line of group talk.
   */
  export interface OverheardDocument {
    /**
     * When.
     */
    at: number;
    /**
     * By whom.
     */
    name?: string | null;
    /**
     * What was said.
     */
    text: string;
    [k: string]: unknown;
  }
  /**
   * Who wrote.
   */
  export interface PersonDocument {
    /**
     * Every address of the person, where the assistant is told them.
     */
    addresses?: string[];
    /**
     * Who it is, across addresses. A text to compare.
     */
    id: string;
    /**
     * The name the person goes by. Not a proof of anything.
     */
    name?: string | null;
    /**
     * The phone number, such as `+15551234567`, where the assistant is told addresses.
     */
    phone?: string | null;
    [k: string]: unknown;
  }
  /**
   * A message of the bot that was not delivered.
   */
  export interface UndeliveredDocument {
    /**
     * When the network said so.
     */
    at: number;
    /**
     * Its words.
     */
    reason: string;
    [k: string]: unknown;
  }
  /**
   * A wake-up.
   */
  export interface WakeDocument {
    /**
     * When, in milliseconds since 1970-01-01T00:00:00Z.
     */
    at: number;
    /**
     * What to be reminded of.
     */
    token: string;
  }
}

export namespace Answer {
  /**
   * What an assistant returns. `{}` is silence. A key that is unknown is refused, so that a misspelled one is noticed.
   */
  export interface AnswerDocument {
    /**
     * Tokens of wake-ups that are taken back.
     */
    cancel_wakes?: string[];
    /**
     * Whether what was said and remembered here before is forgotten.
     */
    forget?: boolean;
    /**
     * Who answers instead, after these replies.
     */
    hand_over?: HandOverDocument | null;
    /**
     * The bytes of media that replies name by number, beside those of the turn.
     */
    media?: CarriedMedium[];
    /**
     * What to remember of this conversation, all of it: what is not in it is forgotten. Left out, all stays as it is.
     */
    memory?: {
      [k: string]: string;
    } | null;
    /**
     * Why this turn can never be answered, in words for the owner. Stands alone, beside `v` and `turn` only.
     */
    never?: string | null;
    /**
     * What to say, in order.
     */
    replies?: ReplyDocument[];
    /**
     * The turn that is answered, as its document names it. Needed where several documents share one pipe.
     */
    turn?: string | null;
    /**
     * What it cost: one entry, or a list with one for each model.
     */
    usage?: UsageDocument | UsageDocument[];
    /**
     * The version of this document: 1, which also counts where it is left out.
     */
    v?: number | null;
    /**
     * When to be woken for this conversation. One with a token that waits already takes its place.
     */
    wake?: WakeDocument[];
  }
  /**
   * Who answers instead.
   */
  export interface HandOverDocument {
    /**
     * Whether the next messages are answered by the same one.
     */
    stays?: boolean;
    /**
     * The name of an assistant; or `human`, which is the owner of the account; or `configured`, whichever assistant the
     * configuration names for the chat. An assistant with one of these two names cannot be reached.
     */
    to: string;
  }
  /**
   * A medium with its bytes, as a document carries it where there is no other way.
   */
  export interface CarriedMedium {
    /**
     * Its bytes in base64 (RFC 4648, section 4, padded).
     */
    base64: string;
    /**
     * Its number. In an answer: one that the turn does not use, such as 1000.
     */
    medium: number;
    /**
     * Its type, such as `image/png`.
     */
    mime: string;
  }
  /**
   * One thing to say: `text` alone, or exactly one of `choices`, `image`, `document`, `voice`, `location` and `react`.
   */
  export interface ReplyDocument {
    /**
     * A question with options.
     */
    choices?: ChoicesDocument | null;
    /**
     * A file.
     */
    document?: NamedFile | null;
    /**
     * A picture.
     */
    image?: ImageReply | null;
    /**
     * A place.
     */
    location?: LocationReply | null;
    /**
     * How the words are written: `plain`, which counts where it is left out, or `markdown`.
     */
    markup?: ("plain" | "markdown") | null;
    /**
     * Whether it visibly answers the message: `where_useful`, which counts where it is left out, `always` or `never`.
     */
    quote?: ("where_useful" | "always" | "never") | null;
    /**
     * An emoji below the message `to`; an empty text takes it back.
     */
    react?: string | null;
    /**
     * Words, of any length; beside a picture or a file, the words below it.
     */
    text?: string | null;
    /**
     * The id of the message below which the emoji is set.
     */
    to?: string | null;
    /**
     * A voice note: Ogg/Opus, WAV or MP3.
     */
    voice?: VoiceReply | null;
  }
  /**
   * A question with options.
   */
  export interface ChoicesDocument {
    /**
     * What stands on the button that opens a list, where the network has one.
     */
    open_label?: string | null;
    /**
     * What can be chosen, in order; at least one.
     */
    options: ChoiceDocument[];
    /**
     * The question.
     */
    text: string;
  }
  /**
   * One option.
   */
  export interface ChoiceDocument {
    /**
     * A line below the title, where the network shows one.
     */
    detail?: string | null;
    /**
     * What comes back when it is chosen; unique within its question.
     */
    id: string;
    /**
     * What people read.
     */
    title: string;
  }
  /**
   * A file that is said.
   */
  export interface NamedFile {
    /**
     * The number of its bytes.
     */
    medium: number;
    /**
     * The name under which it is shown, such as `bill.pdf`.
     */
    name: string;
  }
  /**
   * A picture that is said.
   */
  export interface ImageReply {
    /**
     * The number of its bytes.
     */
    medium: number;
  }
  /**
   * A place that is said.
   */
  export interface LocationReply {
    /**
     * Its address.
     */
    address?: string | null;
    /**
     * Degrees north, from -90 to 90.
     */
    latitude: number;
    /**
     * Degrees east, from -180 to 180.
     */
    longitude: number;
    /**
     * What it is called.
     */
    name?: string | null;
  }
  /**
   * A voice note that is said.
   */
  export interface VoiceReply {
    /**
     * The number of its bytes.
     */
    medium: number;
  }
  /**
   * What an answer cost at one model.
   */
  export interface UsageDocument {
    /**
     * The model, as its provider calls it.
     */
    model?: string | null;
    /**
     * Those of the tokens read that came from a cache.
     */
    tokens_cached?: number;
    /**
     * Tokens read, those from a cache included.
     */
    tokens_in?: number;
    /**
     * Tokens written.
     */
    tokens_out?: number;
  }
  /**
   * A wake-up.
   */
  export interface WakeDocument {
    /**
     * When, in milliseconds since 1970-01-01T00:00:00Z.
     */
    at: number;
    /**
     * What to be reminded of.
     */
    token: string;
  }
}

export namespace Prompt {
  /**
   * What a model is asked. A key that is unknown is refused.
   */
  export interface PromptDocument {
    /**
     * Tokens that the model may write; left out, as many as are configured.
     */
    answer_tokens?: number | null;
    /**
     * What was said, oldest first. The last one is a person's.
     */
    messages: PromptMessageDocument[];
    /**
     * The instructions of whoever made the assistant. Nothing that a person wrote belongs here.
     */
    system?: string;
  }
  /**
   * One message of a prompt.
   */
  export interface PromptMessageDocument {
    /**
     * Numbers of documents that belong to it.
     */
    documents?: number[];
    /**
     * Who said it.
     */
    from: "person" | "model";
    /**
     * Numbers of pictures that belong to it.
     */
    images?: number[];
    /**
     * The words.
     */
    text?: string;
  }
}

export namespace Completion {
  /**
   * What a model said to a prompt. Keys that a reader does not know are to be ignored.
   */
  export interface CompletionDocument {
    /**
     * Why it stopped.
     */
    ended: "whole" | "cut" | "refused";
    /**
     * Its words.
     */
    text: string;
    /**
     * What it cost. The host counts it already: an answer does not repeat it.
     */
    usage?: UsageDocument | UsageDocument[];
    [k: string]: unknown;
  }
  /**
   * What an answer cost at one model.
   */
  export interface UsageDocument {
    /**
     * The model, as its provider calls it.
     */
    model?: string | null;
    /**
     * Those of the tokens read that came from a cache.
     */
    tokens_cached?: number;
    /**
     * Tokens read, those from a cache included.
     */
    tokens_in?: number;
    /**
     * Tokens written.
     */
    tokens_out?: number;
  }
}
