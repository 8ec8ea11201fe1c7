// Asks whether the payment still waits, and opens the page anew once it does not: so the page moves under nobody's eyes.
// Without scripts, the page's own `refresh` opens it anew every other second.
"use strict";

const PAUSE_MILLISECONDS = 2000;

const stillWaits = async () => {
  try {
    const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
    // 202: the server's word for a page that waits. 429 and 5xx say nothing of the payment; a redirect has no status here.
    return answer.status === 202 || answer.status === 429 || answer.status >= 500;
  } catch {
    return true; // Away from the network: it comes back.
  }
};

const look = async () => {
  if (await stillWaits()) {
    setTimeout(look, PAUSE_MILLISECONDS);
  } else {
    location.replace(location.href);
  }
};

setTimeout(look, PAUSE_MILLISECONDS);
