// Keeps what moves on a page current: asks for each part again while it says where. Where a part came into
// another state and the page's buttons are others then, it says its state, and the whole page is read anew.
(() => {
  const refresh = async (id) => {
    const part = document.getElementById(id);
    if (!part.dataset.live) return;
    if (!document.hidden) {
      const answer = await fetch(part.dataset.live);
      if (answer.redirected) return; // logged out
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
        const typing = document.activeElement.matches("input");
        if (fresh.dataset.state !== part.dataset.state && !typing) return location.reload();
        part.replaceWith(fresh);
      }
    }
    again(id);
  };
  const again = (id) => setTimeout(() => refresh(id).catch(() => again(id)), 3000);
  for (const part of document.querySelectorAll("[data-live]")) again(part.id);
})();
