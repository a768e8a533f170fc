"use strict";

// Redoc shows its maker's logo from a foreign host; this page asks no host but its own.
(function () {
  const EMPTY = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";
  const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");

  function own(address) {
    const isOwn = /^data:/.test(address) || new URL(address, document.baseURI).origin === location.origin;
    return isOwn ? address : EMPTY;
  }

  Object.defineProperty(HTMLImageElement.prototype, "src", {
    ...source,
    set(address) {
      source.set.call(this, own(address));
    },
  });
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    Element.prototype.setAttribute.call(this, name, name === "src" ? own(value) : value);
  };
})();
