// The end of an approval that the script started: tells the button what the payer answered. The window that the button
// opened tells it directly; a frame over the merchant's page is first given a port by the script in that page.
(() => {
  "use strict";

  const answer = { type: "psp-sandbox:answer", ...Object.fromEntries(new URLSearchParams(window.location.search)) };
  if (window.opener) {
    // The button closes this window once it has the answer. Were it closed here, the button might see that first, and take it for a
    // payer who left.
    window.opener.postMessage(answer, window.location.origin);
    return;
  }
  window.addEventListener("message", (event) => {
    const known = event.source === window.parent && event.ports.length === 1;
    if (known && event.data?.type === "psp-sandbox:connect") event.ports[0].postMessage(answer);
  });
})();
