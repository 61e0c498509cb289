// Gives the mail's frame the height of the mail, so that nothing scrolls inside it.
(() => {
  const frame = document.querySelector("iframe.mail");
  if (!frame) return;
  const fit = () => {
    const root = frame.contentDocument?.documentElement;
    if (!root) return;
    frame.style.height = "0";
    frame.style.height = `${root.scrollHeight + 2}px`;
  };
  frame.addEventListener("load", fit);
  window.addEventListener("resize", fit);
  fit();
})();
