/** Puts Liquid into the field that was written in last. */

let lastField = null;
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("[data-rich], .field textarea, .field input[type=text], .field input[type=url], #id_subject, #id_preheader")) lastField = target;
});

/** `insert` and `insertAfter` go around what is selected. */
export function insertField({ insert: before, insertAfter: after = "" }) {
  if (!lastField?.isConnected) return;
  lastField.focus();
  if (lastField.isContentEditable) {
    document.execCommand("insertText", false, before + getSelection().toString() + after);
  } else {
    const { selectionStart: from, selectionEnd: to } = lastField;
    lastField.setRangeText(before + lastField.value.slice(from, to) + after, from, to, "end");
    lastField.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
