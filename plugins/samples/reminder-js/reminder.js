// Reminds of things: "in 5 minutes: tea", "list", "cancel 1".
import { memory, plugin, settings } from "greenroom-plugin";

const UNITS = { s: 1, sec: 1, second: 1, m: 60, min: 60, minute: 60, h: 3600, hour: 3600, d: 86400, day: 86400 };
const ASKED = /^\s*in\s+(\d{1,4})\s*([a-z]+?)s?\s*:?\s+(.+)$/is;

const help = () => ({ replies: [{ text: "Write: in 5 minutes: tea. Write `list` to see what waits, `cancel 1` to forget one." }] });

function remind(turn, [, amount, unit, what]) {
  const seconds = Number(amount) * (UNITS[unit.toLowerCase()] ?? 0);
  const { days_max } = settings();
  if (seconds < 1) return help();
  if (seconds > days_max * 86400) return `That is too far away: ${days_max} days is the most.`;
  const waiting = memory.load("waiting", []);
  if (waiting.length >= 20) return "Twenty things wait already. Cancel one first.";
  const at = turn.now + seconds * 1000;
  // The token names what is to be reminded of; the same one replaces what waits.
  const token = `${at}-${Math.floor(Math.random() * 1e6)}`;
  memory.save("waiting", [...waiting, { token, at, what: what.trim().slice(0, 200) }]);
  return { replies: [{ text: `All right: ${what.trim()}, in ${amount} ${unit}${amount === "1" ? "" : "s"}.` }], wake: [{ at, token }] };
}

function wake(token) {
  const waiting = memory.load("waiting", []);
  const due = waiting.find((one) => one.token === token);
  memory.save("waiting", waiting.filter((one) => one.token !== token));
  return due && `Reminder: ${due.what}`;
}

function cancel(number) {
  const waiting = memory.load("waiting", []);
  const [gone] = waiting.splice(number - 1, 1);
  if (!gone) return "There is no such reminder. Write `list` to see what waits.";
  memory.save("waiting", waiting);
  return { replies: [{ text: `Forgotten: ${gone.what}` }], cancel_wakes: [gone.token] };
}

export const assistant = plugin((turn) => {
  if (turn.wakeToken !== undefined) return wake(turn.wakeToken);
  const asked = ASKED.exec(turn.text);
  if (asked) return remind(turn, asked);
  const word = turn.text.trim().toLowerCase();
  if (word === "list") {
    const waiting = memory.load("waiting", []);
    if (waiting.length === 0) return "Nothing waits.";
    return waiting.map(({ at, what }, place) => `${place + 1}. ${what} (in ${Math.ceil((at - turn.now) / 60000)} min)`).join("\n");
  }
  const number = /^cancel\s+(\d+)$/.exec(word);
  return number ? cancel(Number(number[1])) : help();
});
