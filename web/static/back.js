// Browsers keep whole pages for Back, also those that nobody is to store. One that tells of a press, or of
// what is kept about a reader, is asked for anew; only what was typed and not sent stays as it was left.
// An answer to a press is let go of: for Back, and for loading anew, its address is asked instead, and the
// browser does not offer to press once more.
history.replaceState(history.state, "");
let typed = false;
let sent = false;
addEventListener("input", () => (typed = true));
addEventListener("submit", (event) => {
  sent = true;
  for (const field of event.target.elements) field.autocomplete = "off"; // else Back fills it in again
});
addEventListener("pageshow", (event) => {
  if (event.persisted && (sent || !typed)) location.reload();
});
