// Copies the text that a button names. Where a page may not write to the clipboard, the text is selected instead.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.addEventListener("click", async () => {
    const shown = document.getElementById(button.dataset.copy);
    const told = button.parentElement.querySelector("[data-copied]");
    try {
      await navigator.clipboard.writeText(shown.textContent);
      told.textContent = "Copied.";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(shown);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      told.textContent = "Selected: copy it with the keyboard.";
    }
  });
}
