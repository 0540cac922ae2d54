import { memory, plugin } from "greenroom-plugin";

export const assistant = plugin((turn) => {
  const count = memory.load("count", 0) + 1;
  memory.save("count", count);
  return `You said: ${turn.text}. That was message ${count}.`;
});
