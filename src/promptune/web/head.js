// What gradio's components do not do: popovers for a pane's settings, a second question before a deletion, bringing a file, keys,
// copying, a draft that outlives a reload, and noticing that the server is gone.
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
      const at = button.getBoundingClientRect(), top = Math.max(12, Math.min(at.bottom + 6, innerHeight - 420));
      Object.assign(sheet.style, { left: Math.max(12, Math.min(at.right - 320, innerWidth - 332)) + 'px', top: top + 'px', maxHeight: `${innerHeight - top - 12}px` });
    });
    sheet.addEventListener('toggle', event => button.setAttribute('aria-expanded', event.newState === 'open'));
    sheet.addEventListener('focusout', event => {
      const to = event.relatedTarget;
      if (to && to !== button && !sheet.contains(to)) sheet.hidePopover();
    });
  };

  document.addEventListener('pointerover', event => {
    const button = event.target.closest?.('.icon');
    if (button) button.title = button.textContent.trim();
  });

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
  // A file that is chosen or dropped goes to our own route as it is; what the server calls it goes into the text box that the zone names.
  const bring = (zone, file) => {
    const part = name => zone.querySelector(`.drop-${name}`), sent = new XMLHttpRequest();
    const end = why => {
      part('ask').hidden = false; part('at').hidden = true; part('file').value = '';
      part('why').hidden = !why; part('why').textContent = why || '';
      if (zone.contains(document.activeElement) || document.activeElement === document.body) part('file').focus();
    };
    const at = share => {
      part('bar').setAttribute('aria-valuenow', Math.round(100 * share));
      part('bar').firstElementChild.style.width = `${100 * share}%`;
      part('said').textContent = share < 1 ? `Bringing ${file.name}: ${Math.round(100 * share)}%` : `Reading ${file.name} …`;
    };
    if (zone.sending) return;
    zone.sending = sent;
    part('ask').hidden = true; part('at').hidden = false; part('why').hidden = true;
    at(0);
    part('stop').focus();
    sent.upload.onprogress = event => event.lengthComputable && at(event.loaded / event.total);
    sent.onloadend = () => {
      zone.sending = null;
      end(sent.status === 200 || sent.stopped ? '' : sent.status ? sent.responseText : 'The server could not be reached. Bring the file again.');
      if (sent.status === 200) type(document.querySelector(`#${zone.dataset.to} :is(textarea, input)`), JSON.parse(sent.responseText).id);
    };
    sent.open('POST', `upload?name=${encodeURIComponent(file.name)}`);
    sent.send(file);
  };
  document.addEventListener('change', event => {
    if (event.target.matches('.drop-file') && event.target.files[0]) bring(event.target.closest('.drop'), event.target.files[0]);
  });
  document.addEventListener('click', event => {
    const zone = event.target.closest('.drop-stop')?.closest('.drop');
    if (zone?.sending) { zone.sending.stopped = true; zone.sending.abort(); }
  });
  const over = event => [...event.dataTransfer?.types || []].includes('Files') && event.preventDefault(); // else the browser would open the file
  for (const name of ['dragover', 'drop']) document.addEventListener(name, event => {
    over(event);
    const zone = event.target.closest?.('.drop');
    document.querySelectorAll('.drop').forEach(one => one.toggleAttribute('data-over', one === zone && name === 'dragover'));
    if (zone && name === 'drop' && event.dataTransfer.files[0]) bring(zone, event.dataTransfer.files[0]);
  });
  document.addEventListener('dragleave', event => event.target.closest?.('.drop')?.removeAttribute('data-over'));

  const reveal = id => {                                              // on a wide page it stands beside its row, in sight
    const row = document.querySelector(`#${id} .rows label.selected`), rows = row?.parentElement;
    if (rows) rows.scrollTop = Math.min(row.offsetTop - rows.offsetTop, Math.max(rows.scrollTop, row.offsetTop - rows.offsetTop + row.offsetHeight - rows.clientHeight));
    if (innerWidth <= 760) document.querySelector(`#${id} .beside:not(.hide)`)?.scrollIntoView({ block: 'nearest' });
  };

  // An earlier question is wanted back in the box; an emptied box, or Esc, gives that up.
  const edit = turn => { const box = document.querySelector('#edit-turn :is(textarea, input)'); if (box) type(box, `${turn}.${Date.now()}`); };
  const editing = () => document.querySelector('#picked .editing');
  document.addEventListener('click', event => {
    const button = event.target.closest('.edit-turn');
    if (button) edit(button.dataset.turn);
  });
  document.addEventListener('input', event => { if (event.target === question() && !event.target.value && editing()) edit(-1); });

  document.addEventListener('keydown', event => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector(':popover-open')) {
      const open = document.activeElement.closest('[data-asking]');
      if (open) asking(open, false);
      else if (editing()) edit(-1);
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
  // So do the panes' settings that nobody was asked with yet: as they are spelled, or not at all where names are hidden or a setting is wrong.
  const spelled = () => [...document.querySelectorAll('.pane:not(.hide)')].map(pane => pane.querySelector('.pop .spelled')?.textContent || '');
  addEventListener('pagehide', () => {
    const box = question(), panes = spelled();
    if (box) draft(box.value);
    try { sessionStorage.setItem('promptune-panes', panes.every(Boolean) ? panes.join(' ') : ''); } catch { /* then they are forgotten */ }
  });
  const start = setInterval(() => {
    const box = question();
    if (!box) return;
    clearInterval(start);
    document.querySelectorAll('.more').forEach(settings);
    if (draft() && !box.value) type(box, draft());
  }, 100);
  for (const name of ['focusin', 'pointerdown']) document.addEventListener(name, event => { // had gradio drawn it anew
    const button = event.target.closest?.('.more');
    if (button) settings(button);
  });

  // The chip tells what the server says of itself; that it says nothing, only the page can tell.
  setInterval(async () => {
    const away = await fetch('alive', { cache: 'no-store' }).then(answer => !answer.ok, () => true);
    document.documentElement.toggleAttribute('data-away', away);
  }, 3000);

  // The chosen task, and where the last question came from, outlive a reload of their tab.
  const remember = text => {
    try {
      const { held } = JSON.parse(sessionStorage.getItem('promptune-task') || '{}'), now = JSON.parse(text);
      if ('editing' in now && held) now.held ??= held;                 // what made room for the edited question, for as long as that is in the box
      sessionStorage.setItem('promptune-task', JSON.stringify(now));
    } catch { /* then it is forgotten */ }
  };
  const recall = () => {
    const query = location.search;
    if (/[?&](c|task|row|q)=/.test(query)) history.replaceState(history.state, '', location.pathname + location.hash); // followed once, not at every reload
    try {
      const kept = JSON.parse(sessionStorage.getItem('promptune-task') || '{}');
      return [JSON.stringify({ ...kept, panes: sessionStorage.getItem('promptune-panes') || '' }), query, draft() || ''];
    } catch { return ['', query, '']; }
  };
  const tried = text => { remember(text); setTimeout(() => question()?.focus(), 50); };       // after gradio has shown what changed
  const asked = () => { try { const { talk, ...rest } = JSON.parse(sessionStorage.getItem('promptune-task') || '{}'); remember(JSON.stringify(rest)); } catch { /* nothing to forget */ } };
  const removed = text => {                                                                  // its sheet is not of the pane that moved up
    if (text) remember(text);
    document.querySelectorAll('.pop:popover-open').forEach(sheet => sheet.hidePopover());
  };
  const press = id => setTimeout(() => document.getElementById(id)?.click(), 50);

  // Where a step of New task opens, keyboard and screen reader go along.
  let open = 'step-data';
  const step = () => setTimeout(() => {
    const card = document.querySelector('.step:has([aria-current])');
    if (!card?.offsetParent || card.id === open) return;
    open = card.id;
    const head = card.querySelector('h2');
    head.tabIndex = -1;
    head.focus({ preventScroll: true });
    card.scrollIntoView({ block: 'nearest' });
  }, 50);

  // Where a person is taken the keyboard goes too, when what had the focus is hidden by now.
  const arrive = where => setTimeout(() => {
    const found = document.querySelector(where);
    if (!found?.offsetParent || document.activeElement?.offsetParent) return;
    if (found.tabIndex < 0) found.tabIndex = -1;                      // a heading can have the focus then, by us alone
    found.focus();
  }, 50);

  // Which scorecard or run is open stands in the address: a reload finds it again, and so does whoever is sent it.
  const here = (tab, id = '') => history.replaceState(history.state, '', tab ? `#${tab}${id && `/${encodeURIComponent(id)}`}` : location.pathname + location.search);
  const opened = (tab, id, shelf = '') => {
    if (location.hash.split('/')[0] === `#${tab}`) here(tab, id);      // else it was opened from another tab, which tells when it goes there
    if (shelf) reveal(shelf);
  };
  const where = () => decodeURIComponent(location.hash.slice(1));

  window.promptune = { copy, reveal, remember, recall, tried, press, asked, removed, step, arrive, here, opened, where };
})();
