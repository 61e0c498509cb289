// Gives a frame with a page of ours the height of that page, so that nothing scrolls inside it.
for (const frame of document.querySelectorAll("iframe.mail, iframe.preview")) {
  const grown = new ResizeObserver(() => fit());
  const fit = () => {
    const root = frame.contentDocument?.documentElement;
    if (!root) return;
    frame.style.height = "0";
    frame.style.height = `${root.scrollHeight + 2}px`;
  };
  const start = () => {
    grown.disconnect();
    if (frame.contentDocument?.body) grown.observe(frame.contentDocument.body);
    fit();
  };
  frame.addEventListener("load", start);
  start();
}
