// An assistant as a program, for Node: several turns at the same time, told apart by their names.
//
//     [assistants.slow]
//     kind = "process"
//     command = ["node", "process_bot.mjs"]
//     parallel = 16
//
// What stands in the lines: plugins/documents.md.
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

async function answer(turn) {
  await pause(20); // What takes long, such as a question to another service.
  const words = turn.messages.map((message) => message.text ?? "").join(" ");
  return { replies: [{ text: `${turn.person.name ?? "You"} said: ${words}` }] };
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  const turn = JSON.parse(line);
  try {
    console.log(JSON.stringify({ turn: turn.turn, ...(await answer(turn)) }));
  } catch (error) {
    console.error(error);
    console.log(JSON.stringify({ turn: turn.turn, never: String(error) }));
  }
});
