"use strict";

// Buttons that copy the text of the element named by data-copy; without this file they stay hidden.
(function () {
  const SHOWN_MS = 2000;

  function selectAndCopy(source) {
    const selection = getSelection();
    selection.selectAllChildren(source);
    const isCopied = document.execCommand("copy");
    selection.removeAllRanges();
    return isCopied;
  }

  async function copy(source) {
    // Browsers lend the clipboard to secure pages alone; elsewhere the older way is what there is.
    if (!navigator.clipboard) {
      return selectAndCopy(source);
    }
    try {
      await navigator.clipboard.writeText(source.textContent);
      return true;
    } catch {
      return selectAndCopy(source);
    }
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const isCopied = await copy(document.getElementById(button.dataset.copy));
      button.textContent = isCopied ? "Copied" : "Not copied";
      document.getElementById("copy-status").textContent = isCopied
        ? `${button.getAttribute("aria-label")}: copied`
        : "The browser does not let this page copy.";
      setTimeout(() => {
        button.textContent = words;
      }, SHOWN_MS);
    });
  }
})();
