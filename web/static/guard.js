// Marks a form as pressed by a hand. Some mail scanners open links, run scripts and submit what they find;
// without a trusted event the server shows the page again and changes nothing.
const fields = document.querySelectorAll("[data-hand]");
for (const field of fields) field.value = "none";
const seen = (event) => {
  if (!event.isTrusted) return;
  for (const field of fields) field.value = "seen";
};
for (const type of ["pointerdown", "keydown", "click", "touchstart"]) {
  addEventListener(type, seen, { capture: true, passive: true });
}
