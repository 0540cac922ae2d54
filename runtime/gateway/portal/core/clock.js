// Ages on the screen grow. In a hidden tab nothing is drawn.

/** Draws its host in a rhythm. */
export class Clock {
  /** @param {import('lit').ReactiveControllerHost} host @param {number} every milliseconds */
  constructor(host, every = 5_000) {
    this.host = host;
    this.every = every;
    host.addController(this);
  }
  hostConnected() {
    this.timer = setInterval(() => {
      if (!document.hidden) this.host.requestUpdate();
    }, this.every);
  }
  hostDisconnected() {
    clearInterval(this.timer);
  }
}
