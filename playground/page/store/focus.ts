/** Puts the cursor into what carries this `data-box`, as soon as it is on the page. */
export function focusBox(name: string): void {
  let tries = 20;
  const look = (): void => {
    const box = document.querySelector<HTMLElement>(`[data-box="${name}"]:not([hidden])`);
    if (
      box !== null &&
      box.closest("[inert]") === null &&
      box.offsetParent !== null &&
      (box.dataset["for"] ?? currentPerson()) === currentPerson()
    ) {
      box.focus();
      if (box instanceof HTMLTextAreaElement) box.setSelectionRange(box.value.length, box.value.length);
    } else if (tries-- > 0) setTimeout(look, 50);
  };
  requestAnimationFrame(look);
}

function currentPerson(): string {
  return decodeURIComponent(location.hash.slice(1).split("/")[0] ?? "");
}
