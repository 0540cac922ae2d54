// `<greenroom-more>`: the screens that have no place in the bar of a phone.

import { html } from '../lit.js';
import { Plain } from '../core/element.js';
import { SCREENS } from '../core/screens.js';
import { icon } from '../core/icons.js';
import { head } from '../parts/ui.js';

class More extends Plain {
  render() {
    const rest = SCREENS.filter(({ first, path }) => !first && path !== 'more');
    return html`${head('More')}<nav aria-label="More"><ul class="panel menu">${rest.map((screen) => html`<li><a href="#/${screen.path}"><span class="bubble">${icon(screen.icon)}</span><strong>${screen.title}</strong>${icon('next')}</a></li>`)}</ul></nav>`;
  }
}
customElements.define('greenroom-more', More);
