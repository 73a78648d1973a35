// What gradio's components do not do: popovers for a pane's settings, a second question before a deletion, keys, copying,
// a draft that outlives a reload, and noticing that the server is gone.
(() => {
  const question = () => document.querySelector('#q textarea, #q input');
  const type = (box, text) => { box.value = text; box.dispatchEvent(new Event('input', { bubbles: true })); };

  // A pane's settings: a native popover of its button, so Esc, a click outside and a second click on the button close it.
  const settings = button => {
    if (button.popoverTargetElement) return;
    const sheet = button.closest('.pane').querySelector('.pop');
    for (const [name, value] of Object.entries({ popover: 'auto', role: 'dialog', tabindex: '-1', autofocus: '' })) sheet.setAttribute(name, value);
    sheet.setAttribute('aria-label', button.textContent.trim());
    button.setAttribute('aria-haspopup', 'dialog');
    button.setAttribute('aria-expanded', 'false');
    button.popoverTargetElement = sheet;
    sheet.addEventListener('beforetoggle', event => {
      if (event.newState !== 'open') return;
      const at = button.getBoundingClientRect(), top = Math.max(12, Math.min(at.bottom + 6, innerHeight - 600));
      Object.assign(sheet.style, { left: Math.max(12, Math.min(at.right - 320, innerWidth - 332)) + 'px', top: top + 'px', maxHeight: `min(84vh, ${innerHeight - top - 12}px)` });
    });
    sheet.addEventListener('toggle', event => button.setAttribute('aria-expanded', event.newState === 'open'));
    sheet.addEventListener('focusout', event => {
      const to = event.relatedTarget;
      if (to && to !== button && !sheet.contains(to)) sheet.hidePopover();
    });
  };

  // A deletion is asked about in place. What is the safe answer has the focus.
  const asking = (from, on) => {
    const manage = from.closest('.manage');
    manage.toggleAttribute('data-asking', on);
    manage.querySelector(on ? '.sure-no' : '.ask-first').focus();
  };
  document.addEventListener('click', event => {
    const hit = name => event.target.closest(name);
    if (hit('.ask-first')) asking(event.target, true);
    if (hit('.sure-no')) asking(event.target, false);
    if (hit('.sure-yes')) {
      const list = event.target.closest('.shelf').querySelector('.list');
      event.target.closest('.manage').removeAttribute('data-asking');
      list.tabIndex = -1;
      list.focus();
    }
  });
  document.addEventListener('change', event => {
    if (event.target.closest('.rows')) document.querySelectorAll('[data-asking]').forEach(manage => manage.removeAttribute('data-asking'));
  });
  const reveal = id => {                                              // on a wide page it stands beside its row, in sight
    if (innerWidth <= 760) document.querySelector(`#${id} .beside:not(.hide)`)?.scrollIntoView({ block: 'nearest' });
  };

  document.addEventListener('keydown', event => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector(':popover-open')) {
      const open = document.activeElement.closest('[data-asking]');
      if (open) asking(open, false);
      else document.querySelector('#stop')?.click();
    }
    if (event.key === '/' && !typing && question()?.offsetParent) { event.preventDefault(); question().focus(); }
  });

  // Copies a text and says so on the button; without the clipboard (plain http from afar) by an old-fashioned selection.
  const copy = async (text, id) => {
    if (!text) return;
    try { await navigator.clipboard.writeText(text); } catch {
      const area = Object.assign(document.createElement('textarea'), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
    const button = document.getElementById(id);
    if (!button) return;
    const label = button.textContent;
    if (label === 'Copied') return;
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = label; }, 1500);
  };

  // A question being written survives a reload of its tab, where the browser lets us keep anything.
  const draft = text => {
    try { return text === undefined ? sessionStorage.getItem('promptune-question') : sessionStorage.setItem('promptune-question', text); } catch { return null; }
  };
  addEventListener('pagehide', () => { const box = question(); if (box) draft(box.value); });
  const start = setInterval(() => {
    const box = question();
    if (!box) return;
    clearInterval(start);
    document.querySelectorAll('.more').forEach(settings);
    if (draft() && !box.value) type(box, draft());
  }, 100);
  document.addEventListener('focusin', event => { if (event.target.matches('.more')) settings(event.target); }); // had gradio drawn it anew

  // The chip tells what the server says of itself; that it says nothing, only the page can tell.
  setInterval(async () => {
    const away = await fetch('alive', { cache: 'no-store' }).then(answer => !answer.ok, () => true);
    document.documentElement.toggleAttribute('data-away', away);
  }, 3000);

  window.promptune = { copy, reveal };
})();
