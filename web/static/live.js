// Keeps an edition's progress current: asks for that part of the page again while it moves. When the
// edition came into another state the whole page is read anew, since its buttons are others then.
(() => {
  const refresh = async () => {
    const live = document.getElementById("live");
    if (!live.dataset.live) return;
    if (!document.hidden) {
      const answer = await fetch(live.dataset.live);
      if (answer.redirected) return; // logged out
      if (answer.ok) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
        const typing = document.activeElement.matches("input");
        if (fresh.dataset.state !== live.dataset.state && !typing) return location.reload();
        live.replaceWith(fresh);
      }
    }
    again();
  };
  const again = () => setTimeout(() => refresh().catch(again), 3000);
  again();
})();
