// Shows mails as they come: asks for the newest number and swaps the list in place.
(() => {
  const words = document.currentScript.dataset.words;
  const news = document.getElementById("news");
  const refresh = async () => {
    const list = document.getElementById("mails");
    if (document.hidden) return;
    const answer = await fetch("/inbox/newest");
    if (!answer.ok) return;
    const { newest } = await answer.json();
    if (newest <= Number(list.dataset.newest)) return;
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    list.replaceWith(page.getElementById("mails"));
    if (focused) document.querySelector(`#mails a[href="${focused}"]`)?.focus();
    news.textContent = words;
  };
  setInterval(() => refresh().catch(() => {}), 1500);
})();
