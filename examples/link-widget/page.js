// What the card tells its page.
const told = document.getElementById('told');
for (const name of ['linked', 'unlinked', 'error']) {
  document.querySelector('greenroom-link').addEventListener(name, (event) => {
    told.textContent = `${name}: ${event.detail.label ?? event.detail.session ?? event.detail.message}`;
  });
}
