import { memory, plugin, type AskedTurn } from "greenroom-plugin";

function count(): number {
  const count = memory.load<number>("count", 0) + 1;
  memory.save("count", count);
  return count;
}

export const assistant = plugin((turn: AskedTurn) => `You said: ${turn.text}. That was message ${count()}.`);
