// Tells the page round the frame how high this one is. Only pages that may show it are told: the browser
// drops a message whose target is not the parent's origin.
const listed = [location.origin, ...document.body.dataset.parents.split(" ").filter(Boolean)];
const parent = location.ancestorOrigins?.[0]; // not every browser tells
const targets = listed.includes(parent) ? [parent] : listed;
const tell = () => {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  for (const origin of targets) window.parent.postMessage({ vistka: height }, origin);
};
// In a frame of another site browsers give no element the focus by themselves. Where the reader has just
// pressed in this one, it was there already.
if (document.hasFocus()) document.querySelector("[autofocus]")?.focus();
new ResizeObserver(tell).observe(document.documentElement);
